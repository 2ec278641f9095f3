/**
 * The provider of the participant's bench: it speaks Gemini Live's wire, hears which piece of sound came when, and says what it is told to
 * say. Each connection names itself in its instructions, so that one that comes straight from the bench is served as one of the gateway's.
 */
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import { levelOf } from "./levels.ts";

export interface Heard {
  readonly line: string;
  /** Of the piece, as `levels.ts` has it. */
  readonly level: number;
  /** As `performance.now()`. */
  readonly at: number;
}

const lineName = /\bline-([a-z]+-\d+)\b/;

/** Instructions by which a connection is known. */
export const instructionsFor = (line: string): string => `You are line-${line}.`;

export class BenchModel {
  readonly #server = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate: false });
  readonly #lines = new Map<string, WebSocket>();
  readonly #onHeard: (heard: Heard) => void;

  private constructor(onHeard: (heard: Heard) => void) {
    this.#onHeard = onHeard;
    this.#server.on("connection", (socket) => this.#serve(socket));
  }

  static async start(onHeard: (heard: Heard) => void): Promise<BenchModel> {
    const model = new BenchModel(onHeard);
    await new Promise<void>((resolve) => model.#server.once("listening", () => resolve()));
    return model;
  }

  /** `http://127.0.0.1:PORT` */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  has(line: string): boolean {
    return this.#lines.has(line);
  }

  /** A whole turn. @param pcm s16le, 16 kHz. */
  say(line: string, pcm: Uint8Array): void {
    const socket = this.#lines.get(line);
    if (!socket) throw new Error(`${line} is not connected`);
    const inlineData = { mimeType: "audio/pcm;rate=16000", data: Buffer.from(pcm).toString("base64") };
    const content = { modelTurn: { parts: [{ inlineData }] }, turnComplete: true };
    socket.send(Buffer.from(JSON.stringify({ serverContent: content })));
  }

  async stop(): Promise<void> {
    for (const client of this.#server.clients) client.terminate();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #serve(socket: WebSocket): void {
    let line = "";
    socket.on("message", (data: Buffer) => {
      const at = performance.now();
      const text = data.toString();
      const { realtimeInput, setup } = JSON.parse(text) as {
        setup?: object;
        realtimeInput?: { audio?: { data: string } };
      };
      if (setup) {
        line = lineName.exec(text)?.[1] ?? "";
        this.#lines.set(line, socket);
        socket.send(Buffer.from(JSON.stringify({ setupComplete: {} })));
      }
      const audio = realtimeInput?.audio;
      if (audio) this.#onHeard({ line, level: levelOf(new Uint8Array(Buffer.from(audio.data, "base64"))), at });
    });
    socket.on("close", () => {
      if (this.#lines.get(line) === socket) this.#lines.delete(line);
    });
  }
}
