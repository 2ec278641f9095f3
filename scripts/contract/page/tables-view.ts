/** Errors, close codes and limits. */
import { normalCloseCode } from "../../../schemas/wire/errors.ts";
import type { LimitRow, WireErrorRow } from "../tables.ts";
import type { OpenApi } from "./documents.ts";
import { code, html, inline, type Markup, table } from "./markup.ts";

export function problemsTable({ "x-problems": problems }: OpenApi): Markup {
  const rows = problems.map(({ code: name, status, title }) => [
    html`<code id="problem-${name}">${name}</code>`,
    String(status),
    inline(title),
  ]);
  return table(["code", "status", "meaning"], rows);
}

export function wireErrorsTable(rows: readonly WireErrorRow[]): Markup {
  return table(
    ["code", "close code", "retryable", "meaning"],
    rows.map(({ code: name, close_code: close, refusal_close_code: refusal, retryable, meaning }) => [
      html`<code id="error-${name}">${name}</code>`,
      close === null
        ? refusal === undefined
          ? "stays open"
          : `stays open; ${refusal} when refused at connect`
        : String(close),
      retryable ? "yes" : "no",
      inline(meaning),
    ]),
  );
}

export function closeCodesTable(rows: readonly WireErrorRow[]): Markup {
  const byCode = Map.groupBy(
    rows.filter((row) => closeOf(row) !== undefined),
    closeOf,
  );
  const known = [...byCode]
    .map(([close = 0, errors]): [number, Markup] => [
      close,
      html`${errors.map(({ code: name }) => html`${code(name)} `)}`,
    ])
    .toSorted(([a], [b]) => a - b);
  const normal: [number, Markup] = [normalCloseCode, html`As asked: after ${code("close")}, or nothing follows.`];
  return table(
    ["close code", "after"],
    [normal, ...known].map(([close, after]) => [String(close), after]),
  );
}

function closeOf({ close_code: close, refusal_close_code: refusal }: WireErrorRow): number | undefined {
  return close ?? refusal;
}

export function limitsView(rows: readonly LimitRow[]): Markup {
  return table(
    ["limit", "value", "set by", "meaning"],
    rows.map(({ name, value, variable, min, max, can_be_lifted: isOptional, meaning }) => [
      html`<code id="limit-${name}">${name}</code>`,
      value.toLocaleString("en-US"),
      variable === undefined
        ? "fixed"
        : html`<code>${variable}</code>
            ${(min ?? 0).toLocaleString("en-US")}–${(max ?? 0).toLocaleString("en-US")}${isOptional ? html`, <code>off</code>` : ""}`,
      inline(meaning),
    ]),
  );
}
