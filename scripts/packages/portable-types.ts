/** Declarations as every TypeScript from 5.6 on reads them, whatever its options. */

/** `./capture.ts` is a file of ours; what is installed beside the declarations is `./capture.js`. */
const relativeSpecifier = /(\bfrom |\bimport\()"(\.{1,2}\/[^"]+)\.ts"/g;
/** Typed arrays have a type parameter since TypeScript 5.7. */
const typedArray = /\b((?:Uint8|Int16|Float32)Array)<ArrayBuffer(?:Like)?>/g;

export function portableTypes(declarations: string): string {
  return declarations.replace(relativeSpecifier, '$1"$2.js"').replace(typedArray, "$1");
}
