/**
 * Streams a meeting over one connection: hello, the chunks within the room's window, status, end, close.
 * Every answer is checked as it comes (`check-acks.ts`). Guarantees that nothing waits for ever.
 */
import { createHash } from "node:crypto";
import { channelCount, chunkMs, pcmFormat, sampleRateHz } from "../../schemas/wire/audio.ts";
import { toHex } from "../../schemas/chain.ts";
import type { RoomMessage, TrackStatus } from "../../schemas/wire/messages.ts";
import { AckChecker } from "./check-acks.ts";
import { Failure } from "../../schemas/lib/failure.ts";
import { RoomSocket, type RoomSocketOptions } from "./room-socket.ts";

export interface MeetingOptions extends RoomSocketOptions {
  readonly chunks: readonly Uint8Array[];
  readonly paddingSamples: number;
  /** How many times as fast as real time; undefined: as fast as the window allows. */
  readonly realtimeFactor?: number | undefined;
  readonly clientId: string;
  readonly onProgress?: (progress: StreamProgress) => void;
}

export interface StreamProgress {
  readonly acked: number;
  readonly total: number;
  /** Highest seq up to which the room had all it keeps in R2, when it was last asked. */
  readonly archivedSeq: number;
}

export interface StreamReport {
  readonly acked: number;
  readonly duplicates: number;
  /** From send to ack, of each chunk, in ms. */
  readonly ackMs: readonly number[];
  /** The room's `status` after the last ack. */
  readonly status: TrackStatus;
  /** Refused frames of this track before this run. */
  readonly rejectedBefore: number;
}

const answerTimeoutMs = 15_000;
/** The room is asked how far R2 is each time this many chunks were sent. */
const statusEveryChunks = 5;

/** @throws Failure at the first answer that is missing or differs from what it must be. */
export async function streamMeeting(options: MeetingOptions): Promise<StreamReport> {
  const socket = await RoomSocket.open(options);
  try {
    return await converse(socket, options);
  } finally {
    socket.terminate();
  }
}

async function converse(socket: RoomSocket, options: MeetingOptions): Promise<StreamReport> {
  const { sessionId, track, chunks, paddingSamples } = options;
  socket.send({
    type: "hello",
    meeting_id: sessionId,
    track,
    sample_rate: sampleRateHz,
    channels: channelCount,
    format: pcmFormat,
    client_id: options.clientId,
  });
  const ready = await expectMessage(socket, "ready");
  if (ready.session_id !== sessionId || ready.ingest.track !== track)
    throw new Failure(`ready names ${ready.session_id}/${ready.ingest.track}, not ${sessionId}/${track}.`);
  if (ready.ingest.last_seq > chunks.length)
    throw new Failure(
      `Session ${sessionId} holds ${ready.ingest.last_seq} seconds of track ${track} already, more than the ` +
        `${chunks.length} of this run: choose another session id.`,
    );
  const acks = new AckChecker({ sessionId, track }, ready.ingest);
  const ackMs = await streamChunks(socket, options, ready.limits, acks);

  socket.send({ type: "status" });
  const status = await expectMessage(socket, "status");
  socket.send({ type: "end", last_seq: chunks.length, padding_samples: paddingSamples });
  const ended = await expectMessage(socket, "ended");
  if (!ended.complete || ended.last_seq !== chunks.length || ended.missing.length > 0)
    throw new Failure(`After the last ack the room answered end with ${JSON.stringify(ended)}: not complete.`);
  await socket.close("done");
  return {
    acked: acks.acked,
    duplicates: acks.duplicates,
    ackMs,
    status,
    rejectedBefore: ready.ingest.rejected_chunks,
  };
}

/** Sends within the window and at the pace, takes acks in between. */
async function streamChunks(
  socket: RoomSocket,
  options: MeetingOptions,
  limits: { max_in_flight: number; max_realtime_factor: number | null },
  acks: AckChecker,
): Promise<number[]> {
  const { chunks, sessionId } = options;
  const pace = Math.min(options.realtimeFactor ?? Infinity, limits.max_realtime_factor ?? Infinity);
  const startedAt = performance.now();
  const capturedAt = Date.now();
  const inFlight = new Map<number, { sentAt: number; sha256: string }>();
  const ackMs: number[] = [];
  let archivedSeq = 0;
  let sent = 0;
  while (ackMs.length < chunks.length) {
    const now = performance.now();
    // A second can be sent once it was spoken.
    const dueAt = startedAt + ((sent + 1) * chunkMs) / pace;
    const content = inFlight.size < limits.max_in_flight && now >= dueAt ? chunks[sent] : undefined;
    if (content) {
      sent += 1;
      inFlight.set(sent, { sentAt: now, sha256: toHex(createHash("sha256").update(content).digest()) });
      socket.send({
        type: "chunk",
        meeting_id: sessionId,
        seq: sent,
        timestamp_ms: capturedAt + (sent - 1) * chunkMs,
        sample_rate: sampleRateHz,
        channels: channelCount,
        format: pcmFormat,
        content,
      });
      if (options.onProgress && sent % statusEveryChunks === 0) socket.send({ type: "status" });
      continue;
    }
    const oldest = inFlight.values().next().value;
    const ackDueAt = oldest ? oldest.sentAt + answerTimeoutMs : Infinity;
    const mayWaitForPace = sent < chunks.length && inFlight.size < limits.max_in_flight;
    const received = await socket.receive(Math.max(1, Math.min(ackDueAt, mayWaitForPace ? dueAt : Infinity) - now));
    if (!received) {
      if (performance.now() >= ackDueAt)
        throw new Failure(
          `No ack came for ${answerTimeoutMs / 1_000} s; ${ackMs.length} of ${sent} sent chunks are acked.`,
        );
      continue;
    }
    const { message, at } = received;
    if (message.type === "status") archivedSeq = message.archived_seq;
    else {
      const ack = wanted(message, "ack");
      const own = inFlight.get(ack.seq);
      if (!own) throw new Failure(`An ack came for seq ${ack.seq}, which is not in flight.`);
      inFlight.delete(ack.seq);
      acks.check(ack, own.sha256);
      ackMs.push(at - own.sentAt);
    }
    options.onProgress?.({ acked: ackMs.length, total: chunks.length, archivedSeq });
  }
  return ackMs;
}

type MessageOf<T extends RoomMessage["type"]> = Extract<RoomMessage, { type: T }>;

/** The next answer, which must be of this type. Answers to `status` asked for progress are passed over. */
async function expectMessage<T extends RoomMessage["type"]>(socket: RoomSocket, type: T): Promise<MessageOf<T>> {
  for (;;) {
    const received = await socket.receive(answerTimeoutMs);
    if (!received) throw new Failure(`No ${type} came for ${answerTimeoutMs / 1_000} s.`);
    if (received.message.type !== "status" || type === "status") return wanted(received.message, type);
  }
}

function wanted<T extends RoomMessage["type"]>(message: RoomMessage, type: T): MessageOf<T> {
  if (message.type === type) return message as MessageOf<T>;
  if (message.type === "error" && message.code === "seq_conflict")
    throw new Failure(
      `The session holds other audio under seq ${message.seq ?? "?"} already: choose another session id.`,
    );
  if (message.type === "error") throw new Failure(`The gateway answered ${message.code}: ${message.detail}`);
  if (message.type === "closing") throw new Failure(`The gateway is closing the connection: ${message.reason}.`);
  throw new Failure(`The gateway sent ${message.type} where ${type} was due.`);
}
