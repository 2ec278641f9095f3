/** Arguments that Node needs to run a script of ours: newer versions read TypeScript as it is. */
export const readsTypeScript: readonly string[] = process.features.typescript ? [] : ["--import", "tsx"];
