/** The smoke harness against gateways that lie: each lie is found, and none makes it hang. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import { decodeFrame } from "../../schemas/wire/codec.ts";
import type { AckMessage, TrackStatus } from "../../schemas/wire/messages.ts";
import { AckChecker } from "../../client/testkit/check-acks.ts";
import { checkStored } from "../../scripts/smoke/check-stored.ts";
import { streamTrack } from "../../client/testkit/track-stream.ts";
import { toneChunk } from "../../client/testkit/tone.ts";

const name = { sessionId: "s.1", track: "mic" };
const untouched: TrackStatus = {
  session_id: name.sessionId,
  meeting_id: name.sessionId,
  track: name.track,
  last_seq: 0,
  contiguous_seq: 0,
  archived_seq: 0,
  resolved_seq: 0,
  failed_windows: 0,
  received_chunks: 0,
  duplicate_chunks: 0,
  missing_chunks: 0,
  rejected_chunks: 0,
  bytes_stored: 0,
  missing: [],
  started_at: null,
  updated_at: null,
};

const ackOf = (seq: number, sha256: string, change: Partial<AckMessage> = {}): AckMessage => ({
  type: "ack",
  seq,
  status: "stored",
  key: `sessions/${name.sessionId}/tracks/mic/chunks/${String(seq).padStart(8, "0")}.pcm`,
  sha256,
  last_seq: seq,
  contiguous_seq: seq,
  missing_count: 0,
  duplicate_count: 0,
  ...change,
});
const hash = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const own = hash(toneChunk(1));

describe("acks", () => {
  test("a true one passes, also under another tenant", () => {
    const acks = new AckChecker(name, untouched);
    acks.check(ackOf(1, own), own);
    acks.check(ackOf(2, own, { key: "tenants/acme/sessions/s.1/tracks/mic/chunks/00000002.pcm" }), own);
    expect([acks.acked, acks.duplicates]).toEqual([2, 0]);
  });

  test.each<[string, Partial<AckMessage>]>([
    ["status", { status: "duplicate" }],
    ["key", { key: "sessions/s.1/chunks/00000001.pcm" }],
    ["key", { key: "sessions/sx1/tracks/mic/chunks/00000001.pcm" }],
    ["sha256", { sha256: "0".repeat(64) }],
    ["last_seq", { last_seq: 2 }],
    ["contiguous_seq", { contiguous_seq: 0 }],
    ["missing_count", { missing_count: 1 }],
    ["duplicate_count", { duplicate_count: 1 }],
  ])("a false %s is named: %j", (field, change) => {
    expect(() => new AckChecker(name, untouched).check(ackOf(1, own, change), own)).toThrow(
      `The ack of seq 1 has ${field} `,
    );
  });

  test("over what an earlier run left, duplicates and filled gaps are counted", () => {
    const missing: [number, number][] = [[2, 2]];
    const counts = { last_seq: 3, received_chunks: 2, missing_chunks: 1, duplicate_chunks: 4 };
    const before = { ...untouched, ...counts, missing };
    const acks = new AckChecker(name, before);
    const later = { last_seq: 3, contiguous_seq: 3 };
    acks.check(
      ackOf(1, own, { ...later, status: "duplicate", missing_count: 1, duplicate_count: 5, contiguous_seq: 1 }),
      own,
    );
    acks.check(ackOf(2, own, { ...later, duplicate_count: 5 }), own);
    acks.check(ackOf(3, own, { ...later, status: "duplicate", duplicate_count: 6 }), own);
    acks.check(ackOf(4, own, { duplicate_count: 6 }), own);
    expect([acks.acked, acks.duplicates]).toEqual([4, 2]);
  });
});

describe("stored objects", () => {
  const chunks = [toneChunk(1), toneChunk(2)];
  const stored = chunks.map((bytes, index) => ({ key: `p/0000000${index + 1}.pcm`, bytes }));

  test("lost, misplaced and changed ones are named", () => {
    checkStored(stored, "p/", chunks);
    expect(() => checkStored(stored.slice(1), "p/", chunks)).toThrow("R2 holds 1 objects under p/; 2 were streamed.");
    expect(() => checkStored(stored.toReversed(), "p/", chunks)).toThrow("where p/00000001.pcm belongs");
    expect(() => checkStored(stored, "p/", [toneChunk(1), toneChunk(3)])).toThrow("under p/00000002.pcm");
  });
});

describe("a lying gateway", () => {
  let http: Server | undefined;
  afterEach(() => {
    http?.closeAllConnections();
    http?.close();
  });

  const ready = {
    type: "ready",
    protocol: 1,
    session_id: name.sessionId,
    target_sample_rate: 16_000,
    target_channels: 1,
    target_format: "pcm_s16le",
    ingest: untouched,
    resume: { next_seq: 1, missing: [] },
    limits: { max_in_flight: 4, max_realtime_factor: null },
  };

  /** Streams three seconds to a server that says `ready` and answers each chunk with `answer`. */
  async function stream(answer: (socket: WebSocket, seq: number, sha256: string) => void): Promise<unknown> {
    const server = createServer();
    http = server;
    new WebSocketServer({ server, handleProtocols: () => "roomtone.v1.json" }).on("connection", (socket) => {
      socket.on("message", (data, isBinary) => {
        const frame = decodeFrame(isBinary ? (data as Buffer) : (data as Buffer).toString());
        if (!frame.ok) throw new Error(frame.error.detail);
        if (frame.value.type === "hello") socket.send(JSON.stringify(ready));
        if (frame.value.type === "chunk") answer(socket, frame.value.seq, hash(frame.value.content));
      });
    });
    return streamTo(server);
  }

  async function streamTo(server: Server): Promise<unknown> {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    return streamTrack({
      baseWs: new URL(`ws://127.0.0.1:${port}/`),
      ...name,
      encoding: "json",
      seconds: 3,
      second: toneChunk,
      clientId: "test",
    });
  }

  test("a false hash", async () => {
    const lie = stream((socket, seq) => socket.send(JSON.stringify(ackOf(seq, "f".repeat(64)))));
    await expect(lie).rejects.toThrow("The ack of seq 1 has sha256 ffff");
  });

  test("an ack of a chunk that was never sent", async () => {
    const lie = stream((socket, seq, sha256) => socket.send(JSON.stringify(ackOf(seq + 7, sha256))));
    await expect(lie).rejects.toThrow("An ack came for seq 8, which is not in flight.");
  });

  test("an error", async () => {
    const refusal = { type: "error", code: "rate_limited", detail: "Too fast.", retryable: true };
    const refused = stream((socket) => socket.send(JSON.stringify(refusal)));
    await expect(refused).rejects.toThrow("The gateway answered rate_limited: Too fast.");
  });

  test("a close in the middle", async () => {
    const closed = stream((socket, seq) => seq === 2 && socket.close(1012, "going_away"));
    await expect(closed).rejects.toThrow("The gateway closed the connection (1012 going_away).");
  });

  test("an answer that is not of the protocol, or in the other encoding", async () => {
    await expect(stream((socket) => socket.send("{}"))).rejects.toThrow("not of protocol 1");
    await expect(stream((socket) => socket.send(new Uint8Array(3)))).rejects.toThrow("in the other encoding");
  });

  test("a refused handshake, with the reason of its problem document", async () => {
    const problem = {
      type: "about:blank",
      title: "x",
      status: 400,
      detail: "Bad id.",
      code: "invalid_session_id",
      trace_id: "t",
    };
    http = createServer().on("upgrade", (_request, socket) => {
      socket.end(`HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n${JSON.stringify(problem)}`);
    });
    await expect(streamTo(http)).rejects.toThrow("(HTTP 400): invalid_session_id: Bad id.");
  });

  test("nobody there", async () => {
    const options = { ...name, encoding: "json", seconds: 0, second: toneChunk } as const;
    await expect(streamTrack({ ...options, baseWs: new URL("ws://127.0.0.1:1/") })).rejects.toThrow(
      "No gateway answers at ws://127.0.0.1:1/ (ECONNREFUSED); start one with npm start.",
    );
  });
});
