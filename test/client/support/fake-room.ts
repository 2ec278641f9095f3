/** A room that says what a test tells it to: for refusals that a real one gives only in rare states. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { decode, encode } from "@msgpack/msgpack";
import { WebSocketServer, type WebSocket } from "ws";
import { jsonSubprotocol, msgpackSubprotocol } from "../../../schemas/wire/messages.ts";

export interface FakePeer {
  /** Counted from 1. */
  readonly connection: number;
  readonly offers: readonly string[];
  say(message: object): void;
  close(code: number, reason: string): void;
}

export type FakeFrame = { readonly type: string; readonly seq?: number } & Readonly<Record<string, unknown>>;

const handleProtocols = (offers: ReadonlySet<string>): string =>
  offers.has(jsonSubprotocol) ? jsonSubprotocol : msgpackSubprotocol;

export class FakeRoom {
  readonly frames: FakeFrame[] = [];
  connections = 0;
  clock = (): number => Date.now();
  readonly #server: WebSocketServer;

  private constructor(server: WebSocketServer) {
    this.#server = server;
  }

  /**
   * Speaks JSON where the client does, else MessagePack. It answers by itself where the track stands (it has nothing yet) and what
   * time it is (`clock`). `answer` gets every other frame; `greet`, if given, every connection.
   */
  static async start(
    answer: (peer: FakePeer, frame: FakeFrame) => void,
    greet: (peer: FakePeer) => void = () => undefined,
  ): Promise<FakeRoom> {
    const server = new WebSocketServer({ port: 0, host: "127.0.0.1", handleProtocols });
    await once(server, "listening");
    const room = new FakeRoom(server);
    server.on("connection", (socket: WebSocket, request) => {
      room.connections += 1;
      const isText = socket.protocol === jsonSubprotocol;
      const peer: FakePeer = {
        connection: room.connections,
        offers: (request.headers["sec-websocket-protocol"] ?? "").split(/, */),
        say: (message) => socket.send(isText ? JSON.stringify(message) : encode(message)),
        close: (code, reason) => socket.close(code, reason),
      };
      greet(peer);
      socket.on("message", (data: Buffer, isBinary: boolean) => {
        const frame = (isBinary ? decode(data) : JSON.parse(data.toString())) as FakeFrame;
        if (frame.type === "ping") return peer.say({ type: "pong", ts: Math.round(room.clock()) });
        if (frame.type === "status") return peer.say({ type: "status", last_seq: 0 });
        room.frames.push(frame);
        answer(peer, frame);
      });
    });
    return room;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    for (const socket of this.#server.clients) socket.terminate();
    this.#server.close();
    await once(this.#server, "close");
  }
}

/** The greeting of a room that has the seconds up to `lastSeq`. */
export function readyMessage(sessionId: string, lastSeq = 0): object {
  const ingest = {
    session_id: sessionId,
    meeting_id: sessionId,
    track: "mixed",
    last_seq: lastSeq,
    contiguous_seq: lastSeq,
    archived_seq: 0,
    resolved_seq: 0,
    failed_windows: 0,
    received_chunks: lastSeq,
    duplicate_chunks: 0,
    missing_chunks: 0,
    rejected_chunks: 0,
    bytes_stored: 0,
    missing: [],
    started_at: null,
    updated_at: null,
  };
  const target = { target_sample_rate: 16_000, target_channels: 1, target_format: "pcm_s16le" };
  const resume = { next_seq: lastSeq + 1, missing: [] };
  const limits = { max_in_flight: 4, max_realtime_factor: null };
  return { type: "ready", protocol: 1, session_id: sessionId, ...target, ingest, resume, limits };
}

/** The ack of a chunk. */
export function ackMessage({ seq = 0, content_b64: content }: FakeFrame): object {
  const sha256 = createHash("sha256")
    .update(Buffer.from(String(content), "base64"))
    .digest("hex");
  const counts = { last_seq: seq, contiguous_seq: seq, missing_count: 0, duplicate_count: 0 };
  return { type: "ack", seq, status: "stored", key: `k${seq}`, sha256, ...counts };
}
