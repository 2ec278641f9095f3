/** Speech recognition as the rest of the service sees it: a body in, segments out as they are heard. */
import { err, ok, type Result } from "../../../schemas/lib/result.ts";
import type { AudioFault } from "../audio/audio-fault.ts";
import { type Busy, Gate } from "../threads/gate.ts";
import { Thread } from "../threads/thread.ts";
import type { OpenCall, Opened, Segment } from "./stt-thread.ts";

export type { Segment } from "./stt-thread.ts";

export const sttLimits = { maxJobs: 8, maxBytes: 64 * 1024 * 1024, maxSeconds: 1_800, idleMs: 600_000 } as const;

export interface Hearing {
  readonly durationMs: number;
  /** Ends early, without an error, once `signal` aborts. */
  readonly segments: AsyncGenerator<Segment, void>;
}

export type Refusal = AudioFault | ({ readonly reason: "busy" } & Busy);

export class Listener {
  readonly #thread = new Thread(
    new URL("stt-thread.ts", import.meta.url),
    { maxSeconds: sttLimits.maxSeconds },
    sttLimits.idleMs,
  );
  readonly #gate = new Gate(sttLimits, () => performance.now());
  #lastJob = 0;

  get isLoaded(): boolean {
    return this.#thread.isRunning;
  }

  /**
   * @param bytes handed over: the caller has them no more.
   * @param signal aborts at the latest when the exchange is over: with it ends the work, and its place is free.
   */
  async hear(bytes: Uint8Array<ArrayBuffer>, type: string, signal: AbortSignal): Promise<Result<Hearing, Refusal>> {
    const place = this.#gate.enter(bytes.byteLength);
    if (!place.ok) return err({ reason: "busy", ...place.error });
    const job = ++this.#lastJob;
    const hold = this.#thread.hold();
    const stop = new Int32Array(new SharedArrayBuffer(4));
    let isOver = false;
    const end = (): void => {
      if (isOver) return;
      isOver = true;
      signal.removeEventListener("abort", end);
      Atomics.store(stop, 0, 1);
      place.value.leave();
      // A thread that died has nothing to forget.
      if (this.#thread.isRunning) void this.#thread.call("close", job).catch(() => undefined);
      hold.release();
    };
    signal.addEventListener("abort", end);
    try {
      const call: OpenCall = { job, bytes, type, stop };
      const opened = await this.#thread.call<Result<Opened, AudioFault>>("open", call, [bytes.buffer]);
      if (opened.ok) return ok({ ...opened.value, segments: this.#segments(job, signal, end) });
      end();
      return opened;
    } catch (cause) {
      end();
      throw cause;
    }
  }

  async stop(): Promise<void> {
    await this.#thread.stop();
  }

  async *#segments(job: number, signal: AbortSignal, end: () => void): AsyncGenerator<Segment, void> {
    try {
      while (!signal.aborted) {
        const segment = await this.#thread.call<Segment | null>("next", job);
        if (segment === null) return;
        yield segment;
      }
    } finally {
      end();
    }
  }
}
