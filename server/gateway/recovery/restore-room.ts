/**
 * Writes into an empty room what R2 holds of its session (SPEC I9): seconds with their hashes, and of a finalized one its log, its
 * speakers, its words and the versions of its result. What R2 does not hold stays lost, and is named. One step: the caller's
 * transaction holds all of it or nothing.
 */
import { createHashChain, type Sha256 } from "../../../schemas/chain.ts";
import type { Lost } from "../../../schemas/http/rebuild.ts";
import type { SessionResult } from "../../../schemas/http/result.ts";
import type { ResolveSettings } from "../../../schemas/http/sessions.ts";
import { eventSchema, type RoomEvent } from "../../../schemas/speech/events.ts";
import { StandingUtterances } from "../../../schemas/speech/transcript.ts";
import { chunkMs } from "../../../schemas/wire/audio.ts";
import type { Database } from "../../shared/lib/sql.ts";
import { stmt } from "../../shared/lib/stmt.ts";
import { OutboxStore } from "../app-outbox/outbox-store.ts";
import type { SessionName } from "../core/session-name.ts";
import { VersionStore } from "../results/versions/version-store.ts";
import { WavStore } from "../results/wav/wav-store.ts";
import { SpeakerStore } from "../speakers/speaker-store.ts";
import { GapNotes } from "../tracks/gap-notes.ts";
import { GapStore } from "../tracks/gap-store.ts";
import { openTrackRow, type TrackRow } from "../tracks/track-plan.ts";
import { TrackStore } from "../tracks/track-store.ts";
import type { StoredChunk, StoredSession } from "./stored-session.ts";

/** What the list still knows of the session. Times are ms since 1970. */
export interface ListedFacts {
  readonly title: string | null;
  readonly created_at: number;
}

export interface RestoreWith {
  readonly listed: ListedFacts | undefined;
  /** As the deployment has it. */
  readonly resolve: ResolveSettings;
  readonly sha256: Sha256;
}

/** No room had told the app so much: what it is told from here on is news to it. */
const toldBefore = 1_000_000_000;

const setMeta = stmt<[key: string, value: string]>("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)");
const addChunk = stmt<[track: string, seq: number, timestampMs: number, receivedAt: number, sha256: ArrayBuffer]>(
  "INSERT INTO ledger (track, seq, timestamp_ms, received_at, sha256) VALUES (?, ?, ?, ?, ?)",
);
const addEvent = stmt<[eventId: number, at: number, body: string]>(
  "INSERT INTO events (event_id, at, body) VALUES (?, ?, ?)",
);
const countEvents = stmt<[]>(
  `INSERT OR REPLACE INTO log_shares (subject, events, bytes)
   SELECT '', count(*), coalesce(sum(length(CAST(body AS BLOB))), 0) FROM events`,
);
const addUtterance = stmt<[id: string, track: string, startMs: number, endMs: number, body: string]>(
  "INSERT OR REPLACE INTO utterances (utterance_id, track, start_ms, end_ms, body) VALUES (?, ?, ?, ?, ?)",
);
const addOrigin = stmt<[track: string, originMs: number, source: string, clientMs: number]>(
  "INSERT OR REPLACE INTO track_origins (track, origin_ms, source, client_ms) VALUES (?, ?, ?, ?)",
);

/** @param db of a room whose tables are there and empty. @returns what did not come back. */
export function restoreRoom(
  db: Database,
  session: SessionName,
  stored: StoredSession,
  { listed, resolve, sha256 }: RestoreWith,
): Lost[] {
  const { chunks, newest } = stored;
  const result = newest?.result;
  const trackNames = new Set([...chunks.keys(), ...(result?.audio.map(({ track }) => track) ?? [])]);
  const rows = [...trackNames].map((track) => restoreTrack(db, track, chunks.get(track) ?? [], result));
  writeRecord(db, rows, newest, { listed, resolve });
  if (newest && result) {
    for (const [index, { at, body }] of newest.events.entries()) addEvent.run(db, index + 1, at, body);
    countEvents.run(db);
    restoreWords(
      db,
      newest.events.map(({ body }, index) => eventOf(body, index + 1)),
    );
    restoreSpeakers(db, result);
    for (const version of stored.versions) new VersionStore(db).save({ ...version, snapshot: null, is_stored: true });
  }
  tellNothingTwice(db, rows, newest?.events.length ?? 0);
  const isWhole =
    !result || result.audio.every((audio) => chainOf(session, audio.track, chunks, sha256) === audio.chain_head);
  const always: Lost[] = ["settings", "webhooks"];
  return [
    ...always,
    ...(result ? [] : (["unarchived_audio", "events"] as const)),
    ...(isWhole ? [] : (["seconds"] as const)),
    ...(stored.isResultBroken ? (["result"] as const) : []),
  ];
}

function restoreTrack(
  db: Database,
  track: string,
  chunks: readonly StoredChunk[],
  result: SessionResult | undefined,
): TrackRow {
  for (const { seq, timestamp_ms, received_at, sha256 } of chunks) {
    addChunk.run(db, track, seq, timestamp_ms, received_at, sha256);
  }
  const audio = result?.audio.find((one) => one.track === track);
  const ingest = result?.ingest_by_track[track];
  const times = chunks.map(({ received_at }) => received_at);
  const openedAt = times.reduce((least, at) => Math.min(least, at), times[0] ?? db.now());
  const row: TrackRow = {
    ...openTrackRow(track, openedAt),
    started_at: timeOf(ingest?.started_at) ?? times[0] ?? null,
    updated_at: timeOf(ingest?.updated_at) ?? times.at(-1) ?? null,
    last_seq: chunks.at(-1)?.seq ?? 0,
    received_chunks: chunks.length,
    duplicate_chunks: ingest?.duplicate_chunks ?? 0,
    rejected_chunks: ingest?.rejected_chunks ?? 0,
    resolved_seq: ingest?.resolved_seq ?? 0,
    // A result's track has its length, whatever R2 lost of it.
    end_seq: audio ? audio.duration_ms / chunkMs : null,
    padding_samples: audio?.padding_samples ?? 0,
  };
  new TrackStore(db).save(row);
  const add = gapsOf(chunks, Math.max(row.last_seq, row.end_seq ?? 0));
  new GapStore(db).apply(track, { remove: [], add });
  const notes = new GapNotes(db);
  for (const gap of result?.gaps ?? []) {
    if (gap.track === track && gap.cause !== "never_sent") notes.add(track, { ...gap, cause: gap.cause });
  }
  const { origin_ms: originMs, origin_source: source } = ingest ?? {};
  const first = chunks[0];
  if (originMs != null && (source === "client" || source === "room"))
    addOrigin.run(db, track, originMs, source, originMs);
  else if (first)
    addOrigin.run(
      db,
      track,
      Math.round(first.timestamp_ms) - (first.seq - 1) * chunkMs,
      "client",
      Math.round(first.timestamp_ms),
    );
  if (audio?.wav) new WavStore(db).setStored(track, audio.wav.bytes, audio.wav.sha256);
  return row;
}

function gapsOf(chunks: readonly StoredChunk[], expected: number): { from_seq: number; to_seq: number }[] {
  const gaps: { from_seq: number; to_seq: number }[] = [];
  let next = 1;
  for (const { seq } of chunks) {
    if (seq > next) gaps.push({ from_seq: next, to_seq: seq - 1 });
    next = seq + 1;
  }
  if (next <= expected) gaps.push({ from_seq: next, to_seq: expected });
  return gaps;
}

/** The session's own record. */
function writeRecord(
  db: Database,
  rows: readonly TrackRow[],
  newest: StoredSession["newest"],
  { listed, resolve }: Pick<RestoreWith, "listed" | "resolve">,
): void {
  const now = db.now();
  const result = newest?.result;
  // What people said of a finalized session moved it too.
  const lastEventAt = newest?.events.at(-1)?.at ?? 0;
  const finalizedAt = timeOf(result?.finalized_at) ?? undefined;
  const earliest = rows.reduce((least, { opened_at }) => Math.min(least, opened_at), finalizedAt ?? now);
  const set = (key: string, value: string): boolean => setMeta.run(db, key, value);
  set("status", result ? "finalized" : "open");
  set("created_at", String(listed?.created_at ?? earliest));
  const lastAt = rows.reduce((last, { updated_at: at }) => Math.max(last, at ?? 0), finalizedAt ?? earliest);
  set("updated_at", String(Math.max(lastAt, lastEventAt)));
  // Higher than any that the lost room counted: its row of the list gives way.
  set("index_revision", String(now));
  // How long it was to be kept nobody knows any more: on a guess nothing is deleted.
  const config = { metadata: result?.metadata ?? {}, resolve, retention_days: null };
  set("config", JSON.stringify(listed?.title == null ? config : { ...config, title: listed.title }));
  if (finalizedAt === undefined) return;
  const times = { begun_at: finalizedAt, grace_until: finalizedAt, sealed_at: finalizedAt };
  set("finalize", JSON.stringify({ metadata: {}, ...times, is_automatic: result?.end_reason === "idle" }));
}

function restoreWords(db: Database, events: readonly RoomEvent[]): void {
  const said = new StandingUtterances();
  for (const event of events) said.take(event);
  for (const utterance of said.values()) {
    const { utterance_id, track, start_ms, end_ms } = utterance;
    addUtterance.run(db, utterance_id, track, start_ms, end_ms, JSON.stringify(utterance));
  }
}

function restoreSpeakers(db: Database, { state }: SessionResult): void {
  const speakers = new SpeakerStore(db);
  speakers.saveClusters(state.clusters);
  speakers.saveConfig(state.config);
  if (state.roster) speakers.saveRoster(state.roster);
}

/** What was counted and billed of the session before is not counted and billed again. */
function tellNothingTwice(db: Database, rows: readonly TrackRow[], events: number): void {
  const sums = { kept: 0, duplicate: 0, rejected: 0, archived: 0 };
  for (const row of rows) {
    sums.kept += row.received_chunks;
    sums.duplicate += row.duplicate_chunks;
    sums.rejected += row.rejected_chunks;
  }
  setMeta.run(db, "telemetry_told", JSON.stringify({ ...sums, archived: sums.kept }));
  const tracks = rows.map(({ track, received_chunks, last_seq }): [string, object] => [
    track,
    { kept_seconds: received_chunks, archived_seq: last_seq },
  ]);
  new OutboxStore(db).add([], {
    last_id: toldBefore,
    opened: true,
    event_id: events,
    resolve_calls: 0,
    tracks: Object.fromEntries(tracks) as Record<string, { kept_seconds: number; archived_seq: number }>,
    finalized: false,
    version: 1,
    deleted: false,
  });
}

function chainOf(session: SessionName, track: string, chunks: StoredSession["chunks"], sha256: Sha256): string {
  const chain = createHashChain({ ...session, track }, sha256);
  for (const { seq, sha256: hash } of chunks.get(track) ?? []) chain.add(seq, new Uint8Array(hash));
  return chain.head();
}

function eventOf(body: string, event_id: number): RoomEvent {
  return eventSchema.parse({ ...JSON.parse(body), event_id, at: new Date(0).toISOString() });
}

function timeOf(iso: string | null | undefined): number | null {
  return iso == null ? null : Date.parse(iso);
}
