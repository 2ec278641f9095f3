/**
 * One JSON line for each notable happening, in the shape `{level, event, …}`. Fields are ids, counts and codes: never
 * audio, names of people, tokens, bodies or URLs. Knows no platform but `console`.
 */

export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Fields that say whose line it is. A line bears those that its writer knows. */
export interface LogSubject {
  readonly tenant?: string | undefined;
  readonly session_id?: string | undefined;
  /** W3C trace id of the request or connection that caused the line. */
  readonly trace_id?: string | undefined;
}

export interface Log {
  /** Something failed and is tried again, or was left out. */
  readonly warn: (event: string, fields?: LogFields) => void;
  /** Something failed that should not. */
  readonly error: (event: string, fields?: LogFields) => void;
  /** The same log, with more of the subject known. */
  readonly with: (subject: LogSubject) => Log;
}

/** The log of one subject: each line bears its ids. A line's own fields go before them. */
export function logFor(subject: LogSubject): Log {
  return {
    warn: (event, fields) => console.warn(line("warn", event, subject, fields)),
    error: (event, fields) => console.error(line("error", event, subject, fields)),
    with: (more) => logFor({ ...subject, ...more }),
  };
}

/** The log of what happens to nobody in particular. */
export const log = logFor({});

function line(level: string, event: string, subject: LogSubject, fields: LogFields = {}): string {
  return JSON.stringify({ level, event, ...subject, ...fields });
}

/** An error as a log field: its name and message, without the stack's paths. */
export function describeError(cause: unknown): string {
  return cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
}
