/**
 * A room as the specification has it, in the plainest way: sets and lists. It gets every frame that is sent, says what
 * must be answered, and what the room's tables must hold then.
 */
import { createHash } from "node:crypto";
import { ReferenceTrack } from "../../client/testkit/reference-track.ts";
import { toHex } from "../../schemas/chain.ts";
import { closeCodeOf, type WireErrorCode, wireErrors } from "../../schemas/wire/errors.ts";
import type { ReadMessage, Reading } from "./judge-frame.ts";
import type { ConnectionPlan, SeqChoice } from "./frame-plan.ts";

const maxSeqAhead = 86_400;
const maxSeq = 99_999_999;
const maxBadInRow = 32;
const maxNotes = 1_000;
const maxEnds = 100;
const defaultTrack = "mixed";

export interface KeptSecond {
  readonly at: number;
  readonly content: Uint8Array;
}

/** A track as the model has it: what a status says of it, and what its tables hold besides. */
export class TrackModel {
  /** Kept seconds by their hashes. */
  readonly track: ReferenceTrack;
  readonly seconds: Map<number, KeptSecond>;
  readonly notes: Set<string>;

  constructor(of?: TrackModel) {
    this.track = of?.track.clone() ?? new ReferenceTrack();
    this.seconds = new Map(of?.seconds);
    this.notes = new Set(of?.notes);
  }

  note(from: number, to: number, cause: string): void {
    if (this.notes.size < maxNotes) this.notes.add(JSON.stringify({ from_seq: from, to_seq: to, cause }));
  }
}

/** What a frame must be answered with. */
export type Expected =
  | {
      readonly kind: "refused";
      readonly codes: readonly WireErrorCode[];
      readonly seq: number | undefined;
      /** 32 in a row. */
      readonly isLastStraw: boolean;
      readonly close: number | undefined;
    }
  | {
      readonly kind: "answered";
      /** Null for a message that has no answer. */
      readonly reply: Readonly<Record<string, unknown>> | null;
      readonly close: number | undefined;
    };

interface Connection {
  track: string | null;
  hasTaken: boolean;
  badInRow: number;
  uncounted: number;
}

export class RoomModel {
  readonly sessionId: string;
  readonly tracks = new Map<string, TrackModel>();
  /** Bodies of the events that must be in the log, in order. */
  readonly events: Record<string, unknown>[] = [];
  #connection: Connection = { track: null, hasTaken: false, badInRow: 0, uncounted: 0 };

  constructor(sessionId: string) {
    this.sessionId = sessionId;
  }

  /** That the connection streams, or would. */
  get track(): string {
    return this.#connection.track ?? defaultTrack;
  }

  connect({ track = null }: { readonly track?: ConnectionPlan["track"] | null }): void {
    this.#connection = { track, hasTaken: false, badInRow: 0, uncounted: 0 };
  }

  seqOf(choice: SeqChoice): number {
    const track = this.tracks.get(this.track)?.track ?? new ReferenceTrack();
    switch (choice.from) {
      case "zero":
        return choice.offset;
      case "last":
        return track.lastSeq + choice.offset;
      case "kept": {
        const seqs = track.seqs();
        return seqs[choice.pick % Math.max(1, seqs.length)] ?? 1;
      }
      case "hole": {
        const holes = track.missing();
        return holes[choice.pick % Math.max(1, holes.length)]?.[0] ?? 1;
      }
    }
  }

  /** What the frame must be answered with, before the room hears of it. Changes nothing. */
  expect(reading: Reading): Expected {
    const codes = this.#refusalOf(reading);
    if (codes) {
      const [code = "bad_frame"] = codes;
      const isLastStraw = closeCodeOf(code) === undefined && this.#connection.badInRow + 1 === maxBadInRow;
      const close = isLastStraw ? wireErrors.too_many_errors.closeCode : closeCodeOf(code);
      return { kind: "refused", codes, seq: reading.seq, isLastStraw, close };
    }
    if (!reading.isMessage) throw new Error("what is no message is refused");
    return this.#answerTo(reading.message);
  }

  /** Takes note of a frame that was refused. @param seq that the refusal named. */
  refused(seq: number | undefined): void {
    const connection = this.#connection;
    connection.badInRow += 1;
    const model = connection.track === null ? undefined : this.tracks.get(connection.track);
    if (!model) {
      connection.uncounted += 1;
      return;
    }
    model.track.rejected += 1;
    if (seq !== undefined && seq >= 1 && seq <= maxSeq) model.note(seq, seq, "rejected");
  }

  /** Takes note of a frame that was answered. */
  answered(message: ReadMessage): void {
    const connection = this.#connection;
    // It says what was read, and nothing else.
    if (message.type === "seen") return;
    connection.badInRow = 0;
    const name = this.#trackOf(message);
    switch (message.type) {
      case "hello":
        this.#take(name);
        return;
      case "chunk": {
        const { track, seconds } = this.#take(name);
        const isNew = track.keep(message.seq, sha256Of(message.content)) === "stored";
        if (isNew) seconds.set(message.seq, { at: message.at, content: message.content });
        return;
      }
      case "end": {
        const { track } = this.#take(name);
        if (track.end === message.lastSeq && track.paddingSamples === message.padding) return;
        track.end = message.lastSeq;
        track.paddingSamples = message.padding;
        const body = { to_seq: message.lastSeq, padding_samples: message.padding };
        this.events.push({ type: "track.ended", track: name, ...body, by: "room" });
        return;
      }
      case "gap":
        this.#take(name).note(message.from, message.to, message.cause);
        return;
      case "status":
      case "ping":
      case "live":
      case "close":
        return;
    }
  }

  #trackOf(message: ReadMessage): string {
    const named = message.type === "hello" ? (message.track ?? message.role) : undefined;
    if (message.type === "live") return this.#connection.track ?? message.track ?? defaultTrack;
    return this.#connection.track ?? named ?? defaultTrack;
  }

  #take(name: string): TrackModel {
    const track = this.#open(name);
    const connection = this.#connection;
    if (!connection.hasTaken) {
      track.track.rejected += connection.uncounted;
      this.#connection = { ...connection, track: name, hasTaken: true, uncounted: 0 };
    }
    return track;
  }

  #open(name: string): TrackModel {
    const known = this.tracks.get(name);
    if (known) return known;
    const track = new TrackModel();
    this.tracks.set(name, track);
    this.events.push({ type: "track.opened", track: name, by: "room" });
    return track;
  }

  #refusalOf(reading: Reading): readonly WireErrorCode[] | undefined {
    if (!reading.isMessage) return reading.codes;
    const { message } = reading;
    const { track: own } = this.#connection;
    const meetingId = message.type === "chunk" || message.type === "hello" ? message.meetingId : undefined;
    if (meetingId !== undefined && meetingId !== this.sessionId) return ["meeting_mismatch"];
    const track = this.tracks.get(this.#trackOf(message))?.track ?? new ReferenceTrack();
    const isAhead = (seq: number): boolean => seq > maxSeq || seq > track.lastSeq + maxSeqAhead;
    switch (message.type) {
      case "hello": {
        const { track: one, role: other } = message;
        const named = one ?? other;
        const isTorn = one !== undefined && other !== undefined && one !== other;
        return isTorn || (own !== null && named !== undefined && named !== own) ? ["bad_frame"] : undefined;
      }
      case "chunk": {
        if (isAhead(message.seq)) return ["seq_out_of_range"];
        const kept = track.at(message.seq);
        return kept !== undefined && kept !== sha256Of(message.content) ? ["seq_conflict"] : undefined;
      }
      case "end":
        if (message.lastSeq < track.lastSeq) return ["bad_frame"];
        if (isAhead(message.lastSeq)) return ["seq_out_of_range"];
        return this.#hasLastEnd(message) ? ["bad_frame"] : undefined;
      case "gap":
        return isAhead(message.to) ? ["seq_out_of_range"] : undefined;
      case "live": {
        const isOther = own !== null && message.track !== undefined && message.track !== own;
        return isOther || !this.#connection.hasTaken ? ["bad_frame"] : undefined;
      }
      case "status":
      case "ping":
      case "seen":
      case "close":
        return undefined;
    }
  }

  /** Whether the track's end was changed as often as it may be, and this is another one. */
  #hasLastEnd(message: Extract<ReadMessage, { type: "end" }>): boolean {
    const name = this.#trackOf(message);
    const track = this.tracks.get(name)?.track;
    const isKnown = !track || (track.end === message.lastSeq && track.paddingSamples === message.padding);
    const ends = this.events.filter((event) => event["type"] === "track.ended" && event["track"] === name);
    return !isKnown && ends.length >= maxEnds;
  }

  /** @param message that is not refused. */
  #answerTo(message: ReadMessage): Expected {
    const after = this.#after(message);
    switch (message.type) {
      case "hello": {
        const { missing } = after;
        return answer({
          type: "ready",
          session_id: this.sessionId,
          ingest: after,
          resume: { next_seq: Number(after["last_seq"]) + 1, missing },
        });
      }
      case "chunk": {
        const isKept = this.tracks.get(this.#trackOf(message))?.track.has(message.seq) === true;
        return answer({
          type: "ack",
          seq: message.seq,
          status: isKept ? "duplicate" : "stored",
          sha256: sha256Of(message.content),
          last_seq: after["last_seq"],
          contiguous_seq: after["contiguous_seq"],
          missing_count: after["missing_chunks"],
          duplicate_count: after["duplicate_chunks"],
        });
      }
      case "status":
      case "gap":
        return answer({ type: "status", session_id: this.sessionId, ...after });
      case "ping":
        return answer({ type: "pong" });
      case "seen":
      case "live":
        return { kind: "answered", reply: null, close: undefined };
      case "end": {
        const isComplete = after["missing_chunks"] === 0;
        return answer({ type: "ended", last_seq: message.lastSeq, complete: isComplete, missing: after["missing"] });
      }
      case "close":
        return { kind: "answered", reply: { type: "closing", reason: message.reason ?? "client_close" }, close: 1_000 };
    }
  }

  /** The track's status once the room has done what the message says. */
  #after(message: ReadMessage): Record<string, unknown> {
    const name = this.#trackOf(message);
    const trial = new RoomModel(this.sessionId);
    const now = this.tracks.get(name);
    trial.tracks.set(name, new TrackModel(now));
    trial.#connection = { ...this.#connection };
    trial.answered(message);
    return { track: name, ...trial.tracks.get(name)?.track.counts() };
  }
}

function answer(reply: Readonly<Record<string, unknown>>): Expected {
  return { kind: "answered", reply, close: undefined };
}

function sha256Of(bytes: Uint8Array): string {
  return toHex(createHash("sha256").update(bytes).digest());
}
