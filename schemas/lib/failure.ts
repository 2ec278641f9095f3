/**
 * What went wrong, as one sentence for the person at the terminal. Anything else that is thrown is a bug
 * and keeps its stack.
 */
export class Failure extends Error {
  override readonly name = "Failure";
}

/** The sentence of a failure, or what is left of another error. */
export function sentenceOf(cause: unknown): string {
  if (cause instanceof Failure) return cause.message;
  return `Unexpected: ${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}`;
}
