/** Something the person at the terminal can put right, told as one sentence. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
