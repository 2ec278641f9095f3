/**
 * A number as people write it. What JavaScript takes for one besides (`0x10`, `1e3`, blanks, nothing at all) is more likely a slip.
 * @returns undefined for what is none.
 */
export function plainNumber(text: string): number | undefined {
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) : undefined;
}
