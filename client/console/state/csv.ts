/**
 * Tables as CSV (RFC 4180), for a spreadsheet: text that it would take for a formula stays text, whoever wrote it. Pure.
 */
const formula = /^[=+\-@\t\r\n]/;
const quoted = /[",\r\n]/;

export function csvOf(rows: readonly (readonly (string | number)[])[]): string {
  return rows.map((row) => `${row.map(cellOf).join(",")}\r\n`).join("");
}

function cellOf(value: string | number): string {
  // Numbers are ours; text may be anybody's, full-width signs included.
  if (typeof value === "number") return String(value);
  const text = formula.test(value.normalize("NFKC")) ? `'${value}` : value;
  return quoted.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
