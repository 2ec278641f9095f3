/** One connection of the load generator. Answers come in the order of the frames, so that none is read further than its first bytes. */
import { once } from "node:events";
import { WebSocket } from "ws";
import { Failure } from "../../../schemas/lib/failure.ts";
import type { Encoding } from "../../../schemas/wire/codec.ts";
import { jsonSubprotocol, msgpackSubprotocol, protoSubprotocol } from "../../../schemas/wire/protocol.ts";
import { audio, readAnswer } from "./frames.ts";

const subprotocols = { json: jsonSubprotocol, msgpack: msgpackSubprotocol, proto: protoSubprotocol } as const;

export interface ConnectionOptions {
  readonly url: string;
  readonly encoding: Encoding;
  readonly isGateway: boolean;
  readonly session: string;
  readonly track: string | undefined;
  readonly frames: readonly Buffer[];
}

export class LoadConnection {
  /** When each frame was acked, by `performance.now`; undefined where it was refused or has no answer. */
  readonly ackedAt: (number | undefined)[] = [];
  refused = 0;
  lastAnswerAt = 0;
  failure: Failure | undefined;
  /** Resolves when every frame has its answer, or the connection broke. */
  readonly done: Promise<void>;
  onAnswer: () => void = () => undefined;
  readonly #options: ConnectionOptions;
  readonly #end: () => void;
  #socket: WebSocket | undefined;
  #sent = 0;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    const { promise, resolve } = Promise.withResolvers<void>();
    [this.done, this.#end] = [promise, resolve];
  }

  get hasMore(): boolean {
    return this.#sent < this.#options.frames.length;
  }

  /** Connects, and greets a gateway. */
  async open(): Promise<void> {
    const { url, encoding, isGateway, session, track } = this.#options;
    const address = `${url.replace(/^http/, "ws")}/v1/audio/ws/${session}`;
    // A mask of zeros leaves the frame as it is: masking 32 kB costs this process as much as all else it does with a chunk.
    const settings = { perMessageDeflate: false, generateMask: (mask: Buffer) => void mask.fill(0) };
    const socket = new WebSocket(address, isGateway ? [subprotocols[encoding]] : [], settings);
    this.#socket = socket;
    await once(socket, "open");
    socket.on("close", () => this.#fail("The server closed a connection."));
    socket.on("error", ({ message }) => this.#fail(`A connection broke: ${message}`));
    if (isGateway) {
      socket.send(JSON.stringify({ type: "hello", meeting_id: session, ...(track && { track }), ...audio }));
      const [data, isBinary] = (await once(socket, "message")) as [Buffer, boolean];
      const { kind, mark } = readAnswer(data, isBinary, encoding);
      if (kind !== "other") throw new Failure(`The gateway answered a greeting with ${data.toString()}`);
      if (mark !== undefined) this.#seen(mark);
    }
    socket.on("message", (data: Buffer, isBinary: boolean) => this.#take(data, isBinary));
  }

  sendNext(): void {
    const frame = this.#options.frames[this.#sent];
    this.#sent += 1;
    if (frame) this.#socket?.send(frame, { binary: this.#options.encoding !== "json" });
  }

  close(): void {
    this.#socket?.removeAllListeners("close");
    this.#socket?.terminate();
  }

  #take(data: Buffer, isBinary: boolean): void {
    const at = performance.now();
    const { kind, mark } = readAnswer(data, isBinary, this.#options.encoding);
    if (mark !== undefined) this.#seen(mark);
    if (kind === "other") return this.#fail(`Instead of an ack came ${data.toString().slice(0, 500)}`);
    this.lastAnswerAt = at;
    if (kind === "refusal") this.refused += 1;
    this.ackedAt.push(kind === "ack" ? at : undefined);
    if (this.ackedAt.length === this.#options.frames.length) this.#end();
    this.onAnswer();
  }

  #seen(mark: string): void {
    this.#socket?.send(JSON.stringify({ type: "seen", mark }));
  }

  #fail(sentence: string): void {
    this.failure ??= new Failure(sentence);
    this.#end();
  }
}
