/** Whether a room's tables hold what the model says, and nothing else (SPEC K5). */
import { joinedRanges } from "../chaos/engine/ranges.ts";
import { hold, same } from "./finding.ts";
import type { RoomModel, TrackModel } from "./room-model.ts";

/** Every row of every table of a room, as JSON; the first 64 bytes of a blob with commas between. */
export type Dump = Readonly<Record<string, readonly string[]>>;

/** What the room's own work in the background writes. */
const ofTheBackground: ReadonlySet<string> = new Set(["jobs", "meta", "journal", "app_outbox", "app_told"]);
const ofFrames: ReadonlySet<string> = new Set([
  "tracks",
  "ledger",
  "gaps",
  "gap_notes",
  "events",
  "log_shares",
  "track_openers",
  "track_origins",
]);

type Row = Readonly<Record<string, unknown>>;

/** @throws Finding */
export function checkTables(model: RoomModel, dump: Dump): void {
  for (const [name, rows] of Object.entries(dump)) {
    const isKnown = ofFrames.has(name) || ofTheBackground.has(name);
    hold(isKnown || rows.length === 0, `table ${name} has rows that no frame may write: ${rows.join(" ")}`);
  }
  const rowsOf = (table: string): Row[] => (dump[table] ?? []).map((row) => JSON.parse(row) as Row);
  const tracks = [...model.tracks].sort(([a], [b]) => (a < b ? -1 : 1));
  same(
    "rows of tracks",
    rowsOf("tracks").map(withoutTimes),
    tracks.map(([name, track]) => trackRow(name, track)),
  );
  for (const [name, track] of tracks) {
    const of = (table: string): Row[] => rowsOf(table).filter((row) => row["track"] === name);
    const kept = track.track.seqs();
    same(
      `ledger of ${name}`,
      of("ledger").map((row) => [row["seq"], row["timestamp_ms"], hexOf(row["sha256"])]),
      kept.map((seq) => [seq, track.seconds.get(seq)?.at, track.track.at(seq)]),
    );
    same(`gaps of ${name}`, joinedRanges(of("gaps") as never), track.track.missing());
    const notes = of("gap_notes").map(({ from_seq, to_seq, cause }) => JSON.stringify({ from_seq, to_seq, cause }));
    same(`gap notes of ${name}`, notes.sort(), [...track.notes].sort());
    for (const { seq, pcm } of of("journal")) {
      const head = track.seconds.get(Number(seq))?.content.subarray(0, 64).join(",");
      same(`bytes of ${name}/${String(seq)} in the journal`, pcm, head);
    }
  }
  same(
    "tracks with an origin",
    rowsOf("track_origins").map(({ track }) => track),
    tracks.filter(([, { track }]) => track.size > 0).map(([name]) => name),
  );
  const keptInAll = tracks.reduce((sum, [, { track }]) => sum + track.size, 0);
  same("rows of ledger", rowsOf("ledger").length, keptInAll);
  same(
    "events",
    rowsOf("events").map(({ body }) => sorted(JSON.parse(String(body)))),
    model.events.map(sorted),
  );
  const bodies = rowsOf("events").map(({ body }) => String(body));
  const bytes = bodies.reduce((sum, body) => sum + Buffer.byteLength(body), 0);
  const shares = rowsOf("log_shares").filter(({ subject }) => subject === "");
  same("the log's size", shares, [{ subject: "", events: bodies.length, bytes }]);
}

function trackRow(name: string, { track }: TrackModel): Row {
  return {
    track: name,
    last_seq: track.lastSeq,
    received_chunks: track.size,
    duplicate_chunks: track.duplicates,
    rejected_chunks: track.rejected,
    resolved_seq: 0,
    end_seq: track.end,
    padding_samples: track.paddingSamples,
  };
}

function withoutTimes({
  opened_at: _opened,
  started_at: _started,
  updated_at: _updated,
  pace_ms: _pace,
  ...row
}: Row): Row {
  return row;
}

function hexOf(blob: unknown): string {
  return String(blob)
    .split(",")
    .map((byte) => Number(byte).toString(16).padStart(2, "0"))
    .join("");
}

function sorted(row: unknown): unknown {
  return Object.fromEntries(Object.entries(row as Row).sort(([a], [b]) => (a < b ? -1 : 1)));
}
