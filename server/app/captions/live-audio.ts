/**
 * What captions hear of a meeting before it is kept: a listener of the room like any other (SPEC W16), over the gateway's binding. It may
 * fail, lag and lose what it likes: captions go on from what is kept. Holds the last seconds of each track alone.
 */
import * as z from "zod";
import { decodeBase64 } from "../../../schemas/wire/base64.ts";
import { jsonSubprotocol } from "../../../schemas/wire/messages.ts";
import { sampleRateHz } from "../../../schemas/wire/audio.ts";
import { trackNameSchema } from "../../../schemas/names.ts";
import type { Log } from "../../shared/telemetry/log.ts";
import { Cooldown } from "../../shared/lib/cooldown.ts";
import { describeError } from "../../shared/telemetry/log.ts";
import { LiveTail } from "../hearing/live-tail.ts";

const messageSchema = z.object({ type: z.string(), mark: z.string().optional() });
/** What has another rate, or no place, is heard once it is kept. */
const liveSchema = z.object({
  type: z.literal("live"),
  track: trackNameSchema,
  sample_rate: z.literal(sampleRateHz),
  at_ms: z.number().min(0),
  content_b64: z.string(),
});
const [minBackoffMs, maxBackoffMs] = [1_000, 30_000];
/** As many tracks as one may follow at a time; the others are heard once they are kept. */
const maxTails = 16;

export interface LiveAudioDeps {
  /** Asks the room for a socket that gets its live audio. */
  readonly open: (headers: Readonly<Record<string, string>>) => Promise<Response>;
  readonly log: Log;
}

export class LiveAudio {
  readonly #deps: LiveAudioDeps;
  readonly #tails = new Map<string, LiveTail>();
  readonly #cooldown = new Cooldown({
    firstMs: minBackoffMs,
    maxMs: maxBackoffMs,
    now: Date.now,
    random: Math.random,
  });
  #socket: WebSocket | "opening" | undefined;
  #isOn = false;

  constructor(deps: LiveAudioDeps) {
    this.#deps = deps;
  }

  /** Live audio of a track from a place on; empty where there is none. */
  after(track: string, ms: number): Uint8Array {
    return this.#tails.get(track)?.after(ms) ?? new Uint8Array();
  }

  /** Listens, where it does not. Returns at once. */
  listen(): Promise<void> | undefined {
    this.#isOn = true;
    if (this.#socket !== undefined || Date.now() < this.#cooldown.until) return undefined;
    this.#socket = "opening";
    return this.#open();
  }

  stop(): void {
    this.#isOn = false;
    this.#tails.clear();
    if (typeof this.#socket === "object") this.#socket.close(1000, "left");
    this.#socket = undefined;
  }

  async #open(): Promise<void> {
    try {
      const answer = await this.#deps.open({ upgrade: "websocket", "sec-websocket-protocol": jsonSubprotocol });
      const socket = answer.webSocket;
      if (!socket) throw new Error(`the gateway answered ${answer.status}`);
      socket.accept();
      if (!this.#isOn) return socket.close(1000, "left");
      this.#socket = socket;
      socket.addEventListener("message", ({ data }) => this.#take(socket, data));
      const end = (): void => this.#end(socket);
      socket.addEventListener("close", end);
      socket.addEventListener("error", end);
    } catch (cause) {
      this.#socket = undefined;
      this.#deps.log.warn("captions.no_live_audio", {
        error: describeError(cause),
        delay_ms: this.#cooldown.failed(),
      });
    }
  }

  #end(socket: WebSocket): void {
    if (this.#socket !== socket) return;
    this.#socket = undefined;
    // A room that ends each connection at once is not asked without a pause.
    this.#cooldown.failed();
    this.#tails.clear();
  }

  #take(socket: WebSocket, data: unknown): void {
    if (typeof data !== "string") return;
    const message: unknown = JSON.parse(data);
    const { type, mark } = messageSchema.parse(message);
    // One that is refused is told so on a connection of its own.
    if (type !== "error") this.#cooldown.succeeded();
    if (mark !== undefined) socket.send(JSON.stringify({ type: "seen", mark }));
    const live = liveSchema.safeParse(message);
    if (!live.success) return;
    const { track, at_ms, content_b64 } = live.data;
    const content = decodeBase64(content_b64);
    if (!content.ok) return;
    const tail = this.#tails.get(track) ?? (this.#tails.size < maxTails ? new LiveTail() : undefined);
    if (!tail) return;
    this.#tails.set(track, tail);
    tail.push(at_ms, content.value);
  }
}
