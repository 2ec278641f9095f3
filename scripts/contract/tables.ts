/** The contract's tables, as both documents carry them: limits, error codes, subprotocols. */
import { httpErrors, wireErrors } from "../../schemas/wire/errors.ts";
import { limitRows } from "../../schemas/limits.ts";
import { allProblemCodes } from "./problems.ts";

export interface LimitRow {
  readonly name: string;
  readonly value: number;
  readonly meaning: string;
  /** The variable with which an installation sets it. */
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
