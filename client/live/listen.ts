/**
 * The live audio of a meeting, for those who listen now (SPEC W16): over a connection that comes back by itself. What was said while
 * there was none is not heard here; the meeting has it. Knows no player.
 */
import { deferred } from "../capture/deferred.ts";
import { closeFailure } from "../capture/close-failure.ts";
import { type CaptureTimes, defaultTimes } from "../capture/capture-types.ts";
import type { ErrorMessage, HeardMessage, ReadMessage } from "../capture/read-message.ts";
import { type RoomClose, RoomSocket } from "../capture/room-socket.ts";
import { SleepClock } from "../capture/sleep-clock.ts";
import type { LivePiece } from "./live-piece.ts";
import { PieceQueue } from "./piece-queue.ts";
import { samplesOf } from "./s16le.ts";

const defaultQueuedMs = 2_000;

export interface ListenOptions {
  /** Ends it, with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** These tracks alone. Default: all. */
  readonly tracks?: readonly string[] | undefined;
  /** Audio of a track that waits to be read, beyond which the oldest is dropped and told as `lostMs`. Default: 2,000. */
  readonly maxQueuedMs?: number | undefined;
  /** For runtimes without a global WebSocket, or with another way to the gateway: that of the package `ws`, say. */
  readonly WebSocket?: unknown;
  /** A connection stands: what is said from now on is heard. */
  readonly onConnected?: (() => void) | undefined;
  /** The connection ended, or none came about; the next attempt is made after this pause. */
  readonly onRetrying?: ((retry: { attempt: number; afterMs: number; reason: string }) => void) | undefined;
  readonly times?: Partial<CaptureTimes> | undefined;
}

export interface ListenTo {
  /** `ws://` or `wss://` URL of the session's `…/live`. */
  readonly url: string;
  readonly token: (() => string | Promise<string>) | undefined;
}

/**
 * Each piece of live audio once, in the order it came, until the meeting is over. The connection is opened with the first `next`, and
 * closed when the loop is left.
 * @throws CaptureFailedError where the gateway lets nobody listen here (`unauthorized`, `forbidden`, `session_not_found` …), or the
 *   signal's reason.
 */
export async function* listen(to: ListenTo, options: ListenOptions): AsyncGenerator<LivePiece, void, undefined> {
  const { signal, tracks, maxQueuedMs = defaultQueuedMs } = options;
  if (!(maxQueuedMs > 0)) throw new RangeError(`maxQueuedMs must be above 0, not ${maxQueuedMs}`);
  signal?.throwIfAborted();
  const queue = new PieceQueue(maxQueuedMs);
  let wake = deferred<void>();
  let over: { readonly failure?: unknown } | undefined;
  let lastError: ErrorMessage | undefined;
  const finish = (outcome: { readonly failure?: unknown }): void => {
    over ??= outcome;
    wake.resolve();
  };
  const hear = (message: ReadMessage): void => {
    if (message.type === "error") lastError = message;
    if (message.type === "closing" && message.reason === "session_finalized") finish({});
    const piece = message.type === "live" ? pieceOf(message) : undefined;
    if (!piece || (tracks && !tracks.includes(piece.track))) return;
    queue.push(piece);
    wake.resolve();
  };
  const handleClose = ({ code, reason, final }: RoomClose): void => {
    if (final) finish({ failure: closeFailure(code, reason, lastError) });
  };
  const abort = (): void => finish({ failure: signal?.reason });
  signal?.addEventListener("abort", abort);
  const socket = new RoomSocket({
    url: to.url,
    encoding: "msgpack",
    token: to.token,
    WebSocket: options.WebSocket,
    random: Math.random,
    // A clock that is set costs one connection more, and a machine that slept is known by it.
    clock: new SleepClock(() => Date.now()),
    times: { ...defaultTimes, ...options.times },
    onOpen: () => {
      lastError = undefined;
      options.onConnected?.();
    },
    onMessage: hear,
    isWaiting: () => false,
    onClose: handleClose,
    onRetry: (retry) => options.onRetrying?.(retry),
  });
  try {
    for (;;) {
      for (let piece = queue.shift(); piece; piece = queue.shift()) {
        yield piece;
        signal?.throwIfAborted();
      }
      if (over) break;
      await wake.promise;
      wake = deferred<void>();
    }
    if ("failure" in over) throw over.failure;
  } finally {
    signal?.removeEventListener("abort", abort);
    socket.stop();
  }
}

function pieceOf(message: HeardMessage): Omit<LivePiece, "lostMs"> | undefined {
  const { track, sample_rate: sampleRate, at_ms: atMs, flush = false, content } = message;
  return content && { track, sampleRate, samples: samplesOf(content), atMs, flush };
}
