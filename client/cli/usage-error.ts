/** Something that the person at the terminal can put right; its message is one sentence (V4). */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
