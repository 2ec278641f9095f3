/**
 * One JSON line per notable happening. Fields are ids, counts and codes: never audio, names, tokens,
 * bodies or URLs.
 */
type Fields = Readonly<Record<string, string | number | boolean | undefined>>;

export const log = {
  warn: (event: string, fields: Fields = {}): void => console.warn(line("warn", event, fields)),
  error: (event: string, fields: Fields = {}): void => console.error(line("error", event, fields)),
};

function line(level: string, event: string, fields: Fields): string {
  return JSON.stringify({ level, event, ...fields });
}

/** An error as a log field: its name and message, without the stack's paths. */
export function describeError(cause: unknown): string {
  return cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
}
