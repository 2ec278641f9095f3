/**
 * An answer that is read as it comes, however long it is. Guarantees: never more of it in memory than one piece; a body
 * that ends before its end is an error, not an end; silence of `timeoutMs` while somebody reads is one too.
 */
import { maxTimerMs } from "../capture/pause.ts";
import { begin, bounded, type Door, type Exchange, networkReason, type Without } from "./exchange.ts";
import { RoomtoneAnswerError, RoomtoneError, RoomtoneNetworkError, RoomtoneTimeoutError } from "./results-errors.ts";

export interface OpenBody {
  readonly status: number;
  readonly headers: Headers;
  /** Bytes that `body` gives; undefined where the answer doesn't say. */
  readonly length: number | undefined;
  /** Ends with a RoomtoneNetworkError, or with the signal's reason. Holds the connection until it is read or cancelled. */
  readonly body: ReadableStream<Uint8Array>;
}

/** `timeoutMs` is first for the beginning of the answer, then for each piece. @throws what `exchange` does. */
export async function openBody(door: Door, call: Exchange): Promise<OpenBody> {
  const controller = new AbortController();
  const { answer, without } = await bounded(call, controller, () => begin(door, call, controller.signal));
  const { status, headers } = answer;
  if (!answer.body) throw new RoomtoneAnswerError(call, "was answered with nothing. Check the base URL.");
  const length = lengthOf(headers);
  const body = new Pieces(call, answer.body, { length, without, abort: () => controller.abort() }).stream();
  return { status, headers, length, body };
}

function lengthOf(headers: Headers): number | undefined {
  const length = headers.get("content-length");
  // What fetch has unpacked is longer than what was sent.
  return length === null || headers.has("content-encoding") ? undefined : Number(length);
}

interface Source {
  readonly length: number | undefined;
  readonly without: Without;
  /** Ends the connection. */
  readonly abort: () => void;
}

class Pieces {
  readonly #call: Exchange;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #source: Source;
  #received = 0;
  #stopListening = (): void => undefined;

  constructor(call: Exchange, body: ReadableStream<Uint8Array>, source: Source) {
    this.#call = call;
    this.#reader = body.getReader();
    this.#source = source;
  }

  stream(): ReadableStream<Uint8Array> {
    return new ReadableStream<Uint8Array>(
      {
        start: (out) => this.#listen(out),
        pull: (out) => this.#pull(out),
        cancel: () => this.#end(),
      },
      // Nothing is read before it is asked for.
      { highWaterMark: 0 },
    );
  }

  /** An abort counts between two reads as well. */
  #listen(out: ReadableStreamDefaultController<Uint8Array>): void {
    const { signal } = this.#call;
    if (!signal) return;
    const abort = (): void => {
      out.error(signal.reason);
      this.#end();
    };
    this.#stopListening = () => signal.removeEventListener("abort", abort);
    signal.addEventListener("abort", abort);
    if (signal.aborted) abort();
  }

  async #pull(out: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    try {
      const { value } = await this.#read();
      if (value) {
        this.#received += value.length;
        out.enqueue(value);
        return;
      }
      const { length } = this.#source;
      if (length !== undefined && this.#received !== length) throw this.#broken("too early");
      this.#stopListening();
      out.close();
    } catch (cause) {
      // Whoever aborted has been told.
      if (this.#call.signal?.aborted) return;
      this.#end();
      out.error(cause instanceof RoomtoneError ? cause : this.#broken(this.#source.without(networkReason(cause))));
    }
  }

  async #read(): Promise<{ value?: Uint8Array | undefined }> {
    const { timeoutMs } = this.#call;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      const end = (): void => {
        reject(new RoomtoneTimeoutError(this.#call, `gave nothing for ${timeoutMs} ms, after ${this.#sofar()}.`));
      };
      timer = setTimeout(end, Math.min(timeoutMs, maxTimerMs));
    });
    try {
      return await Promise.race([this.#reader.read(), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #broken(why: string): RoomtoneNetworkError {
    return new RoomtoneNetworkError(this.#call, `broke off after ${this.#sofar()}: ${why}.`);
  }

  #sofar(): string {
    const { length } = this.#source;
    return length === undefined ? `${this.#received} bytes` : `${this.#received} of ${length} bytes`;
  }

  #end(): void {
    this.#stopListening();
    this.#source.abort();
    // A fetch of the caller's own need not heed the signal.
    this.#reader.cancel().catch(() => undefined);
  }
}
