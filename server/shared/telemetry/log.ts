/**
 * One JSON line for each happening, in the shape `{level, event, …}` (docs/telemetry.md). Fields are ids, counts and codes: never
 * audio, names of people, tokens, bodies or URLs; what an error's message holds of such is taken out (SPEC Z2). Knows no platform but
 * `console`.
 */
import { currentSubject } from "./context.ts";
import { redact } from "./redact.ts";

export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;
export type LogLevel = "info" | "warn" | "error";

/** Fields that say whose line it is. A line bears those that its writer knows, and those of the work under way. */
export interface LogSubject {
  readonly tenant?: string | undefined;
  readonly session_id?: string | undefined;
  /** W3C trace id of the request or connection that caused the line. */
  readonly trace_id?: string | undefined;
}

export type LogLine = LogSubject & { readonly level: LogLevel; readonly event: string } & LogFields;

export interface Log {
  /** Something was done. */
  readonly info: (event: string, fields?: LogFields) => void;
  /** Something failed and is tried again, or was left out. */
  readonly warn: (event: string, fields?: LogFields) => void;
  /** Something failed that should not. */
  readonly error: (event: string, fields?: LogFields) => void;
  /** The same log, with more of the subject known. */
  readonly with: (subject: LogSubject) => Log;
}

/** Where lines go besides the console. Must not throw. */
type Listener = (line: LogLine) => void;

const output = { isQuiet: false, listener: undefined as Listener | undefined };

/** Has every line of this isolate heard, besides being printed. @param isQuiet prints nothing of what went well. */
export function tellLines(listener: Listener | undefined, isQuiet = false): void {
  Object.assign(output, { listener, isQuiet });
}

/** The log of one subject: each line bears its ids. A line's own fields go before them. */
export function logFor(subject: LogSubject): Log {
  const say =
    (level: LogLevel) =>
    (event: string, fields: LogFields = {}): void => {
      const line = lineOf(level, event, { ...currentSubject(), ...subject, ...fields });
      if (level !== "info" || !output.isQuiet) printers[level](JSON.stringify(line));
      output.listener?.(line);
    };
  return {
    info: say("info"),
    warn: say("warn"),
    error: say("error"),
    with: (more) => logFor({ ...subject, ...more }),
  };
}

/** The log of what happens to nobody in particular. */
export const log = logFor({});

const printers: Readonly<Record<LogLevel, (line: string) => void>> = {
  info: (line) => console.log(line),
  warn: (line) => console.warn(line),
  error: (line) => console.error(line),
};

function lineOf(level: LogLevel, event: string, fields: LogFields): LogLine {
  const told = Object.entries(fields).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, typeof value === "string" ? redact(value) : value] as const],
  );
  return { level, event, ...Object.fromEntries(told) };
}

/** An error as a log field: its name and message, without the stack's paths. */
export function describeError(cause: unknown): string {
  return cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
}
