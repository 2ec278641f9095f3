/**
 * One conversation of the bench: a person who speaks into a meeting with a participant, and one who speaks to the same provider over a
 * connection of its own, turn by turn, so that both find the machine in the same state.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "ws";
import { createResultsClient } from "../../../client/results/results-client.ts";
import { listen } from "../../../client/embedding.ts";
import { channelCount, chunkBytes, pcmFormat, sampleRateHz } from "../../../schemas/wire/audio.ts";
import { encodeBase64 } from "../../../schemas/wire/base64.ts";
import { until } from "../../../client/testkit/until.ts";
import { Delays } from "./delays.ts";
import { bytesOf, levelFor, levelOf, pieceOf } from "./levels.ts";
import { type BenchModel, instructionsFor } from "./model-server.ts";

/** The capture library sends live audio in pieces of this length. */
const pieceMs = 100;
const piecesPerChunk = 10;
const turnMs = 200;
const format = { sample_rate: sampleRateHz, channels: channelCount, format: pcmFormat };

export interface Gateway {
  readonly url: string;
  readonly wsUrl: string;
}

export interface Ways {
  readonly room: Delays;
  readonly direct: Delays;
}

export class BenchTalk {
  readonly toModel: Ways = { room: new Delays(), direct: new Delays() };
  readonly toPlayer: Ways = { room: new Delays(), direct: new Delays() };
  readonly #gateway: Gateway;
  readonly #model: BenchModel;
  readonly #number: number;
  readonly #left = new AbortController();
  #person: WebSocket | undefined;
  #direct: WebSocket | undefined;
  #listening: Promise<void> = Promise.resolve();

  constructor(gateway: Gateway, model: BenchModel, number: number) {
    this.#gateway = gateway;
    this.#model = model;
    this.#number = number;
  }

  get lines() {
    return { room: `room-${this.#number}`, direct: `direct-${this.#number}` } as const;
  }

  get session(): string {
    return `bench-talk-${this.#number}`;
  }

  async join(): Promise<void> {
    const { url, wsUrl } = this.#gateway;
    const client = createResultsClient({ baseUrl: url });
    await client.createSession({ session_id: this.session, captions: "off" });
    this.#person = await opened(`${wsUrl}/v1/audio/ws/${this.session}/mic`);
    const person = this.#person;
    person.on("message", (data: Buffer) => {
      const { mark } = JSON.parse(data.toString()) as { mark?: string };
      if (mark !== undefined) this.#tell({ type: "seen", mark });
    });
    this.#tell({ type: "hello", meeting_id: this.session, track: "mic" });
    this.#listening = this.#listen();
    const body = JSON.stringify({ instructions: instructionsFor(this.lines.room), max_minutes: 60 });
    const path = `${url}/v1/sessions/${this.session}/participant`;
    const answer = await fetch(path, { method: "PUT", headers: { "content-type": "application/json" }, body });
    if (!answer.ok) throw new Error(await answer.text());
    this.#direct = await opened(`${this.#model.url.replace(/^http/, "ws")}/direct`);
    const direct = this.#direct;
    direct.on("message", (data: Buffer) => {
      const at = performance.now();
      const message = JSON.parse(data.toString()) as {
        serverContent?: { modelTurn: { parts: [{ inlineData: { data: string } }] } };
      };
      const said = message.serverContent?.modelTurn.parts[0].inlineData.data;
      if (said !== undefined) this.toPlayer.direct.arrived(levelOf(new Uint8Array(Buffer.from(said, "base64"))), at);
    });
    const systemInstruction = { parts: [{ text: instructionsFor(this.lines.direct) }] };
    direct.send(JSON.stringify({ setup: { systemInstruction } }));
    const { room, direct: straight } = this.lines;
    await until(async () => (this.#model.has(room) && this.#model.has(straight)) || undefined, {
      what: `the connections of conversation ${this.#number}`,
      timeoutMs: 60_000,
    });
  }

  /** Speaks for so long, a tenth of a second at a time, and has the provider speak once a second; each over both ways, half a turn apart. */
  async run(ms: number): Promise<void> {
    const startedAt = performance.now() + this.#number * 10;
    const at = (place: number): Promise<void> => sleep(Math.max(0, startedAt + place - performance.now()));
    const second = new Uint8Array(chunkBytes);
    const pieces = Math.floor(ms / pieceMs);
    for (let n = 0; n < pieces; n += 1) {
      const pcm = bytesOf(pieceOf(n, pieceMs));
      second.set(pcm, (n % piecesPerChunk) * pcm.byteLength);
      await at((n + 1) * pieceMs);
      this.toModel.room.sent(levelFor(n));
      this.#tell({
        type: "live",
        track: "mic",
        sample_rate: sampleRateHz,
        at_ms: n * pieceMs,
        content_b64: encodeBase64(pcm),
      });
      if ((n + 1) % piecesPerChunk === 0) {
        const seq = (n + 1) / piecesPerChunk;
        const content_b64 = encodeBase64(second);
        this.#tell({ type: "chunk", meeting_id: this.session, seq, timestamp_ms: seq, ...format, content_b64 });
      }
      if (n % piecesPerChunk === 2) this.#hearTurn("room", n);
      await at((n + 1.5) * pieceMs);
      this.toModel.direct.sent(levelFor(n));
      const audio = { mimeType: `audio/pcm;rate=${sampleRateHz}`, data: encodeBase64(pcm) };
      this.#direct?.send(JSON.stringify({ realtimeInput: { audio } }));
      if (n % piecesPerChunk === 7) this.#hearTurn("direct", n);
    }
  }

  async leave(): Promise<void> {
    const path = `${this.#gateway.url}/v1/sessions/${this.session}/participant`;
    await (await fetch(path, { method: "DELETE" })).body?.cancel();
    this.#left.abort(new Error("it is over"));
    await this.#listening;
    this.#person?.close(1000);
    this.#direct?.close(1000);
  }

  #hearTurn(way: keyof Ways, n: number): void {
    this.toPlayer[way].sent(levelFor(n));
    this.#model.say(this.lines[way], bytesOf(pieceOf(n, turnMs)));
  }

  #tell(message: object): void {
    this.#person?.send(JSON.stringify(message));
  }

  async #listen(): Promise<void> {
    const url = `${this.#gateway.wsUrl}/v1/sessions/${this.session}/live?topics=live`;
    try {
      const heard = listen({ url, token: undefined }, { WebSocket, signal: this.#left.signal, tracks: ["ai"] });
      for await (const { samples } of heard) this.toPlayer.room.arrived(levelOf(bytesOf(samples)), performance.now());
    } catch (cause) {
      if (!this.#left.signal.aborted) throw cause;
    }
  }
}

function opened(url: string): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, { perMessageDeflate: false });
    socket.once("open", () => resolve(socket));
    socket.once("error", reject);
  });
}
