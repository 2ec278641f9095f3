/**
 * The participant as the room knows it: a client like any other, over the capture library. It streams a track of its own from join to
 * leave, each second kept and acked as everyone's, sends what is to be heard now as live audio, and listens. Knows no model.
 */
import {
  type Capture,
  CaptureFailedError,
  listen,
  type LivePiece,
  startCapture,
} from "../../../../client/embedding.ts";
import { chunkMs, sampleRateHz } from "../../../../schemas/wire/audio.ts";
import { describeError, type Log } from "../../../shared/telemetry/log.ts";
import { type SocketFetcher, socketsTo } from "./binding-socket.ts";
import { DueSound, Outflow } from "./outflow.ts";

export interface RoomSideOptions {
  readonly gateway: SocketFetcher;
  readonly session: { readonly tenant: string; readonly session_id: string };
  readonly track: string;
  /** When the track began, ms since 1970: an object that goes on after another leaves out the time between. */
  readonly beganAt: number;
  readonly log: Log;
  readonly onPiece: (piece: LivePiece) => void;
  /** Queued sound went out from there on, ms on the own track. */
  readonly onPlayed: (atMs: number, samples: number) => void;
  /** The meeting is over for this client. */
  readonly onOver: () => void;
}

/** Only names the binding; nothing of it is looked up. */
const gatewayUrl = "https://gateway.internal";
/** The gateway's entrypoint takes the tenant from it. */
const tenantHeader = "x-roomtone-tenant";
const samplesPerMs = sampleRateHz / 1_000;
const tickMs = 40;
const leaveMs = 15_000;

export class RoomSide {
  readonly #options: RoomSideOptions;
  readonly #out = new Outflow();
  readonly #ended = new AbortController();
  #capture: Capture | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  #due: DueSound | undefined;
  /** Place of the next sample on the own track. */
  #at = 0;
  /** A flush that could not go out goes with the next sound. */
  #isFlushDue = false;

  constructor(options: RoomSideOptions) {
    this.#options = options;
  }

  /** Joins. Rejects where the room takes nobody. */
  async join(): Promise<void> {
    const { gateway, session, track, beganAt, log, onOver } = this.#options;
    const WebSocket = socketsTo(gateway, { [tenantHeader]: session.tenant });
    const capture = await startCapture({
      baseUrl: gatewayUrl,
      sessionId: session.session_id,
      track,
      format: { sampleRate: sampleRateHz, channels: 1 },
      live: true,
      liveAudio: false,
      append: true,
      encoding: "msgpack",
      WebSocket,
    });
    this.#capture = capture;
    capture.on("failed", ({ code, detail }) => {
      log.warn("participant.left", { code, detail });
      onOver();
    });
    capture.on("gap", ({ from, to }) => (this.#at += (to - from + 1) * sampleRateHz));
    capture.on("renumbered", ({ by }) => (this.#at += by * sampleRateHz));
    const connected = Promise.withResolvers<void>();
    const off = capture.on("connected", () => connected.resolve());
    // One that had nothing to send ends in order where the room takes nothing any more.
    capture.outcome().then(() => connected.reject(new Error("the meeting is over")), connected.reject);
    connected.promise.catch(() => undefined);
    void this.#listen(WebSocket);
    await connected.promise;
    off();
    const wanted = Math.floor((Date.now() - beganAt) / chunkMs);
    const missing = wanted - (capture.nextSeq - 1);
    if (missing > 0) await capture.skip(missing);
    this.#at = (capture.nextSeq - 1) * sampleRateHz;
    this.#due = new DueSound(tickMs, Date.now());
    this.#timer = setInterval(() => this.#tick(), tickMs);
  }

  /** Is heard as soon as what is queued was. */
  say(samples: Int16Array): void {
    const wasEmpty = this.#out.isEmpty;
    this.#out.queue(samples);
    // What is due since the last tick need not wait for the next.
    if (wasEmpty) this.#tick();
  }

  /** Nothing of what is queued is heard any more. */
  flush(): void {
    this.#out.flush();
    this.#isFlushDue = true;
    if (this.#capture?.live.flush()) this.#isFlushDue = false;
  }

  /** Ends the track in order, and lets go of the room. */
  async leave(): Promise<void> {
    clearInterval(this.#timer);
    this.#ended.abort(new Error("the participant leaves"));
    const capture = this.#capture;
    if (!capture) return;
    this.#capture = undefined;
    const late = AbortSignal.timeout(leaveMs);
    const timedOut = new Promise<void>((resolve) => late.addEventListener("abort", () => resolve()));
    try {
      await Promise.race([capture.end(), timedOut]);
    } catch (cause) {
      if (!(cause instanceof CaptureFailedError)) throw cause;
    }
    await capture.close();
  }

  async #listen(WebSocket: unknown): Promise<void> {
    const { session, track, log, onPiece, onOver } = this.#options;
    const url = `${gatewayUrl.replace(/^http/, "ws")}/v1/sessions/${session.session_id}/live?topics=live`;
    try {
      const options = { WebSocket, signal: this.#ended.signal };
      for await (const piece of listen({ url, token: undefined }, options)) {
        if (piece.track !== track) onPiece(piece);
      }
    } catch (cause) {
      if (this.#ended.signal.aborted) return;
      log.warn("participant.hears_nothing", { error: describeError(cause) });
    }
    if (!this.#ended.signal.aborted) onOver();
  }

  #tick(): void {
    const capture = this.#capture;
    if (!capture || !this.#due) return;
    const now = Date.now();
    const count = this.#due.due(now) * samplesPerMs;
    if (count === 0) return;
    const { samples, spoken } = this.#out.take(count);
    const atMs = this.#at / samplesPerMs;
    this.#at += count;
    // Refused, or failed, it is told by an event of its own.
    capture.write(samples, now).catch(() => undefined);
    if (spoken === 0) return;
    if (capture.live.send(samples.subarray(0, spoken), { atMs, flush: this.#isFlushDue })) this.#isFlushDue = false;
    this.#options.onPlayed(atMs, spoken);
  }
}
