/** API keys as a person reads them, and as a program does. Pure. */
import { type ApiKeyRow, apiKeyStateOf } from "../../server/shared/access/api-keys-row.ts";

const headings = ["ID", "TENANT", "NAME", "SCOPES", "CREATED", "EXPIRES", "STATE"] as const;

/** Lines of one width a column, headings first. */
export function keysTable(rows: readonly ApiKeyRow[], now: number): string[] {
  const lines = [[...headings], ...rows.map((row) => cellsOf(row, now))];
  const widths = headings.map((_, column) => Math.max(...lines.map((cells) => widthOf(cells[column] ?? ""))));
  return lines.map((cells) =>
    cells
      .map((cell, column) => cell + " ".repeat((widths[column] ?? 0) - widthOf(cell)))
      .join("  ")
      .trimEnd(),
  );
}

/** As `list --json` prints a key. */
export function keyJson(row: ApiKeyRow, now: number): Record<string, unknown> {
  return {
    ...row,
    created_at: isoOf(row.created_at),
    expires_at: row.expires_at === null ? null : isoOf(row.expires_at),
    revoked_at: row.revoked_at === null ? null : isoOf(row.revoked_at),
    state: apiKeyStateOf(row, now),
  };
}

/** To the minute, UTC. */
export function minuteOf(ms: number): string {
  return `${isoOf(ms).slice(0, "2026-01-01T00:00".length)}Z`;
}

function cellsOf(row: ApiKeyRow, now: number): string[] {
  const state = apiKeyStateOf(row, now);
  return [
    row.key_id,
    row.tenant,
    row.name,
    row.scopes.join(","),
    minuteOf(row.created_at),
    row.expires_at === null ? "never" : minuteOf(row.expires_at),
    row.replaced_by === null ? state : `${state}, replaced by ${row.replaced_by}`,
  ];
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}

/** In characters as people count them; those that a terminal draws two cells wide are rare in names. */
function widthOf(text: string): number {
  return Array.from(new Intl.Segmenter().segment(text)).length;
}
