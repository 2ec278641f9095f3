/**
 * A thread that computes what would keep this one from serving: started by the first call, ended when it had nothing to do
 * for a while, started anew after a crash. Calls are answered in the order in which they were made. Knows no model.
 */
import { Worker } from "node:worker_threads";
import { Failure } from "../../../schemas/lib/failure.ts";

/** A body that a decoder never comes to the end of must not keep all others from being heard. */
const callTimeoutMs = 120_000;

/** What a call is over the port; `serveThread` answers it. */
export interface ThreadCall {
  readonly id: number;
  readonly name: string;
  readonly argument: unknown;
}

export interface ThreadAnswer {
  readonly id: number;
  readonly value?: unknown;
  /** What was thrown; `isFailure` where it is a sentence for a person. */
  readonly error?: { readonly message: string; readonly isFailure: boolean };
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (cause: Error) => void;
}

export class Thread {
  readonly #file: URL;
  readonly #data: unknown;
  readonly #idleMs: number;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #idle: ReturnType<typeof setTimeout> | undefined;
  #lastId = 0;
  #holds = 0;

  /** @param data is handed to the thread as its `workerData`. */
  constructor(file: URL, data: unknown, idleMs: number) {
    this.#file = file;
    this.#data = data;
    this.#idleMs = idleMs;
  }

  /** Whether its models are in memory, or on the way there. */
  get isRunning(): boolean {
    return this.#worker !== undefined;
  }

  /** Rejects with the thread's own error, or with why the thread ended: one that does not answer is ended. */
  async call<T>(name: string, argument: unknown, transfer: readonly ArrayBuffer[] = []): Promise<T> {
    const id = ++this.#lastId;
    const worker = (this.#worker ??= this.#start());
    clearTimeout(this.#idle);
    worker.ref();
    const timer = setTimeout(() => void worker.terminate(), callTimeoutMs).unref();
    try {
      return await new Promise<T>((resolve, reject) => {
        this.#waiting.set(id, { resolve: (value) => resolve(value as T), reject });
        worker.postMessage({ id, name, argument } satisfies ThreadCall, transfer);
      });
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(id);
      this.#rest();
    }
  }

  /** Keeps the thread, and what it remembers, until `release`. */
  hold(): { readonly release: () => void } {
    this.#holds += 1;
    clearTimeout(this.#idle);
    let isHeld = true;
    return {
      release: () => {
        if (!isHeld) return;
        isHeld = false;
        this.#holds -= 1;
        this.#rest();
      },
    };
  }

  async stop(): Promise<void> {
    clearTimeout(this.#idle);
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }

  #rest(): void {
    if (this.#waiting.size > 0 || !this.#worker) return;
    // A program that has nothing else to do may end.
    this.#worker.unref();
    if (this.#holds > 0) return;
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => void this.stop(), this.#idleMs).unref();
  }

  #start(): Worker {
    const worker = new Worker(this.#file, { workerData: this.#data, execArgv: [] });
    const fail = (cause: Error): void => {
      if (this.#worker === worker) this.#worker = undefined;
      for (const { reject } of this.#waiting.values()) reject(cause);
    };
    worker.on("message", ({ id, value, error }: ThreadAnswer) => {
      const waiting = this.#waiting.get(id);
      if (!error) waiting?.resolve(value);
      else waiting?.reject(error.isFailure ? new Failure(error.message) : new Error(error.message));
    });
    worker.on("error", (cause) => fail(cause instanceof Error ? cause : new Error(String(cause))));
    worker.on("exit", () => fail(new Error("the thread of the model ended")));
    return worker;
  }
}
