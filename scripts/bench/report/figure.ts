/** What a figure comes to: tables for people, and bars for the picture. */

export interface Bar {
  readonly label: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
}

export interface FigureTable {
  readonly title: string;
  /** All have the same keys, which head the columns. */
  readonly rows: readonly Readonly<Record<string, string | number>>[];
  readonly notes?: readonly string[];
  /** Ratios to the null room. */
  readonly bars?: readonly Bar[];
}

/** As Markdown, which is read in a terminal as well, and pasted where it is kept. */
export function markdownOf({ title, rows, notes = [] }: FigureTable): string {
  const keys = Object.keys(rows[0] ?? {});
  const cells = [keys, ...rows.map((row) => keys.map((key) => String(row[key] ?? "")))];
  const widths = keys.map((_, column) => Math.max(3, ...cells.map((line) => (line[column] ?? "").length)));
  const lineOf = (line: readonly string[]): string =>
    `| ${line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const [head = [], ...body] = cells;
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  return ["", `**${title}**`, "", lineOf(head), rule, ...body.map(lineOf), ...notes.flatMap((note) => ["", note])].join(
    "\n",
  );
}
