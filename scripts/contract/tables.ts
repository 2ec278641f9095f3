/** The contract's tables: for machines, as both documents carry them, and for people, as Markdown. */
import { httpErrors, wireErrors } from "../../schemas/wire/errors.ts";
import { limitRows } from "../../schemas/limits.ts";
import { allProblemCodes } from "./problems.ts";

export interface LimitRow {
  readonly name: string;
  readonly value: number;
  readonly meaning: string;
  /** The variable with which a deployment sets it. */
  readonly variable?: string;
  readonly min?: number;
  readonly max?: number;
  /** `off` lifts it. */
  readonly can_be_lifted?: boolean;
}

export const limitsTable: readonly LimitRow[] = limitRows.map(({ name, value, meaning, setBy }) => {
  if (!setBy) return { name, value, meaning };
  const { variable, min, max, isOptional = false } = setBy;
  return { name, value, meaning, variable, min, max, can_be_lifted: isOptional };
});

export interface WireErrorRow {
  readonly code: string;
  /** An open connection ends with it; null: it stays open. */
  readonly close_code: number | null;
  /** A connection that is refused with this error, ends with it. */
  readonly refusal_close_code?: number;
  readonly retryable: boolean;
  readonly meaning: string;
}

export const wireErrorTable: readonly WireErrorRow[] = Object.entries(wireErrors).map(([code, entry]) => ({
  code,
  close_code: "closeCode" in entry ? entry.closeCode : null,
  ...("refusalCode" in entry ? { refusal_close_code: entry.refusalCode } : {}),
  retryable: entry.retryable,
  meaning: entry.meaning,
}));

export const problemTable = allProblemCodes.map((code) => ({ code, ...httpErrors[code] }));

const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;

export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** What a connection ends with: an open one, or one that is refused. */
function closeOf({ close_code, refusal_close_code }: WireErrorRow): string {
  if (close_code !== null) return String(close_code);
  return refusal_close_code === undefined ? "stays open" : `stays open; ${refusal_close_code} when refused at connect`;
}

export const wireErrorText = markdownTable(
  ["code", "close code", "retryable", "meaning"],
  wireErrorTable.map((row) => [`\`${row.code}\``, closeOf(row), row.retryable ? "yes" : "no", row.meaning]),
);
export const problemText = markdownTable(
  ["code", "status", "title"],
  problemTable.map(({ code, status, title }) => [`\`${code}\``, String(status), title]),
);
export const limitsText = markdownTable(
  ["limit", "value", "set by", "meaning"],
  limitsTable.map(({ name, value, variable, meaning }) => {
    const setBy = variable === undefined ? "fixed" : `\`${variable}\``;
    return [`\`${name}\``, value.toLocaleString("en-US"), setBy, meaning];
  }),
);
