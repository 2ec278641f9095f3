/**
 * What differs from one recording to the next, made the same: times, ids that the gateway draws, the addresses of this machine.
 * Everything else is left as it was answered. Throws on a time under a field that it does not know.
 */
import { exampleTraceId } from "../../scripts/contract/examples.ts";

const startMs = Date.UTC(2026, 10, 20, 10, 0, 0);
const isoTime = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;

/** A moment of the recorded meeting, as the wire writes times. @param seconds since it began. */
export const at = (seconds: number): string => new Date(startMs + seconds * 1_000).toISOString();
export const timestampMs = (seconds: number): number => startMs + seconds * 1_000;

/** Its signature is made up: it opens nothing. */
const token = `${base64url({ alg: "HS256", typ: "JWT" })}.${base64url({ sub: "web-42", session_id: "board-7", role: "capture", iat: startMs / 1_000, exp: startMs / 1_000 + 3_600 })}.${Buffer.from("a signature that is not valid here").toString("base64url")}`;

/** Seconds since the meeting began, by the field that holds a time. Events are a second apart: see `timeOf`. */
const secondsByField: Readonly<Record<string, number>> = {
  checked_at: 0,
  from: 0,
  to: 600,
  created_at: 0,
  started_at: 1,
  updated_at: 20,
  /** Of a chat's message. */
  at: 20,
  finalized_at: 30,
  made_at: 30,
  ended_at: 32,
  ends_at: 601,
  last_at: 31,
  next_at: 60,
  expires_at: 3_600,
  /** The midnight that follows. */
  resets_at: 50_400,
  deletes_at: 31_536_000,
  requested_at: 86_400,
  deleted_at: 86_401,
};

const ledgerEntries = 3;
const deletedSums: Readonly<Record<string, number>> = { objects: 17, bytes: 768_000, events: 30 };
const fixedFields: Readonly<Record<string, unknown>> = {
  trace_id: exampleTraceId,
  flushed_entries: ledgerEntries,
  pending_entries: 0,
  build: "4f1c0e6a9d2b7c35",
  day: at(0).slice(0, 10),
  transcription_id: "5b2f0f0c-6a53-4c0e-9d0b-3f1a2c4d5e6f",
  user: "9f2c4e6a81b35d7f0c1e2a3b4d5f6a7b",
  conflict_id: "7c9e6679-7425-40de-944b-e07fc1f90ae7",
  token,
  origin_ms: timestampMs(0),
  /** Of a `pong`. */
  ts: timestampMs(8),
  next_cursor: base64url([startMs, "board-7"]),
};

function base64url(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

/** How an installation runs: what is counted in it is of the moment of the recording. */
function isHealth(value: unknown): value is object {
  return typeof value === "object" && value !== null && "troubled" in value;
}

/** The same on a quiet day, when nothing is down since any moment. */
function calm(value: unknown, field = ""): unknown {
  if (field.endsWith("_since") || field === "disk" || field === "quota") return null;
  if (Array.isArray(value)) return [];
  if (typeof value === "number") return 0;
  if (typeof value === "string") return isoTime.test(value) ? at(0) : "ok";
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, calm(one, name)]));
}

interface EntriesPage {
  readonly entries: readonly { readonly ledger: KeptEntry | null; readonly d1: KeptEntry | null }[];
  readonly flushed_seq: number;
}
interface KeptEntry {
  readonly body: string;
}

/** What a ledger and D1 keep, as it is written there: what they had been told by then, and when, is of the recording. */
function isEntriesPage(value: unknown): value is EntriesPage {
  return typeof value === "object" && value !== null && "flushed_seq" in value && "entries" in value;
}

function ofNoDay(page: EntriesPage): object {
  const entries = page.entries.map((entry) => ({ ...entry, ledger: keptEver(entry.ledger), d1: keptEver(entry.d1) }));
  return { ...page, entries, last_seq: ledgerEntries, flushed_seq: ledgerEntries };
}

function keptEver(entry: KeptEntry | null): object | null {
  if (!entry) return entry;
  const body = JSON.parse(entry.body) as { readonly quantities: object };
  const quantities = Object.fromEntries(Object.keys(body.quantities).map((unit) => [unit, 1_000]));
  return { ...entry, at: startMs, body: JSON.stringify({ ...body, at: startMs, quantities }) };
}

export class Normaliser {
  readonly #ids = new Map<string, string>();
  readonly #addresses: readonly (readonly [from: string, to: string])[];

  constructor(addresses: Readonly<Record<string, string>>) {
    this.#addresses = Object.entries(addresses);
  }

  value(value: unknown, field = "", holder: object = {}): unknown {
    if (isHealth(value)) return calm(value);
    if (isEntriesPage(value)) return ofNoDay(value);
    if (Array.isArray(value)) return value.map((item) => this.value(item, field, holder));
    if (typeof value === "string") return this.#string(value, field, holder);
    // Counts of a ledger are those of the recording and of whatever meetings had told it by then.
    if (field === "entries" && "balance_usd" in holder) return ledgerEntries;
    // What a deletion found: how many versions of the result had been made by then is of the recording.
    if ("unarchived_chunks" in holder && Object.hasOwn(deletedSums, field)) return deletedSums[field];
    if (typeof value !== "object" || value === null) return fixed(field, value);
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, this.value(item, name, value)]));
  }

  /** A text whose lines may hold JSON, as server-sent events do. */
  text(text: string): string {
    return text.replaceAll(
      /^data: (.*)$/gm,
      (_, json: string) => `data: ${JSON.stringify(this.value(JSON.parse(json)))}`,
    );
  }

  #string(value: string, field: string, holder: object): unknown {
    // Of an entry of the ledger: the recording said so itself.
    if ("event_id" in holder && typeof holder.event_id === "string") return value;
    if (isoTime.test(value)) return at(secondsOf(field, holder));
    // How quick a model is is nobody's to say.
    if (field === "phase" && "ended_at" in holder && holder.ended_at === null) return "listening";
    // Of a result, which is full of times; that of audio stays.
    if (field === "sha256" && "made_by" in holder) return "0".repeat(64);
    // Audio: enough of it to be seen, and still base64.
    if (field === "content_b64") return value.slice(0, 64);
    let text = value.replaceAll(/msg_[0-9a-f-]{36}/g, (id) => this.#idOf(id));
    for (const [from, to] of this.#addresses) text = text.replaceAll(from, to);
    return fixed(field, text);
  }

  #idOf(id: string): string {
    const known = this.#ids.get(id) ?? `msg_00000000-0000-4000-8000-${String(this.#ids.size + 1).padStart(12, "0")}`;
    this.#ids.set(id, known);
    return known;
  }
}

function fixed(field: string, value: unknown): unknown {
  return value !== null && Object.hasOwn(fixedFields, field) ? fixedFields[field] : value;
}

function secondsOf(field: string, holder: object): number {
  if ("event_id" in holder && field === "at") return Number(holder.event_id);
  if (field === "timestamp" && "data" in holder) {
    return (holder.data as { event?: { event_id: number } }).event?.event_id ?? 0;
  }
  const seconds = secondsByField[field];
  if (seconds === undefined) throw new Error(`the recording has a time in ${field}: say in normalise.ts what it is`);
  return seconds;
}
