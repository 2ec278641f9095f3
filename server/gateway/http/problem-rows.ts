/** Rows of the table of problems: how a reason becomes a code, a sentence and headers. */
import type { HttpErrorCode } from "../../../schemas/wire/errors.ts";

export type Headers = Readonly<Record<string, string>>;

/** A row of the table. `Facts` are what a reason brings along besides its name. */
export interface Row<Facts> {
  readonly code: (facts: Facts) => HttpErrorCode;
  readonly detail: (facts: Facts) => string;
  readonly headers: (facts: Facts) => Headers;
}

/** A reason whose name says all. */
export function plain(code: HttpErrorCode, detail: string, headers: Headers = {}): Row<unknown> {
  return { code: () => code, detail: () => detail, headers: () => headers };
}

/** A reason with facts in its sentence or its headers. */
export function telling<Facts>(
  code: HttpErrorCode,
  detail: (facts: Facts) => string,
  headers: (facts: Facts) => Headers = () => ({}),
): Row<Facts> {
  return { code: () => code, detail, headers };
}

/** RFC 9110 §10.2.3: whole seconds. */
export const retryAfter = (ms: number): Headers => ({ "retry-after": String(Math.ceil(ms / 1_000)) });

/** With a full stop where none is yet. */
export const sentence = (text: string): string => (/[.?]$/.test(text) ? text : `${text}.`);

export const soon = 1_000;
