/**
 * One connection of a talk to its provider: opened in its time or not at all, closed once, and silent from then on. What comes over it is
 * its talk's to read. Every end of it is one that may be tried again: providers close with 1008 and 1011 at random.
 */
import { err, ok, type Result } from "../../../../schemas/lib/result.ts";
import { log } from "../../../shared/telemetry/log.ts";
import type { Clock } from "../clock.ts";
import type { ModelSocket, OpenModelSocket } from "./live-model.ts";

/** Where a provider is, and how it is reached. */
export interface ModelService {
  /** `https://…` or `http://…`: Google's without a path, OpenAI's up to the version. */
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly model: string;
  readonly open: OpenModelSocket;
  readonly connectTimeoutMs: number;
  readonly clock: Clock;
}

interface LineOptions {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** @returns whether it could be read; what a later version says besides is passed over, and counts as read. */
  readonly onMessage: (text: string) => boolean;
  /** Once, where it was ready and ended without `drop`. */
  readonly onEnd: () => void;
}

export class ModelLine {
  readonly #service: ModelService;
  readonly #options: LineOptions;
  readonly #ready = Promise.withResolvers<"ready" | "unavailable" | "timeout">();
  readonly #left = new AbortController();
  #socket: ModelSocket | undefined;
  #cancelLeaving: (() => void) | undefined;
  #isReady = false;
  #isOver = false;
  #isUnreadTold = false;
  #askedAt = 0;
  /** How long its greeting took, ms: what is said over it takes no longer there and back. */
  greetedInMs = 0;
  /** Messages sent. */
  sent = 0;

  constructor(service: ModelService, options: LineOptions) {
    this.#service = service;
    this.#options = options;
  }

  get isReady(): boolean {
    return this.#isReady && !this.#isOver;
  }

  /** It is to go, as soon as it may. */
  get isLeaving(): boolean {
    return this.#cancelLeaving !== undefined;
  }

  /** @param first goes out at once. It is connected once `ready` is called. */
  async connect(first: object): Promise<Result<"connected", "unavailable" | "timeout">> {
    const { connectTimeoutMs, clock } = this.#service;
    const forget = clock.after(connectTimeoutMs, () => this.#ready.resolve("timeout"));
    void this.#open(first);
    const outcome = await this.#ready.promise;
    forget();
    if (outcome === "ready") return ok("connected");
    this.drop();
    return err(outcome);
  }

  /** The provider greeted. */
  ready(): void {
    if (this.#isOver) return;
    this.#isReady = true;
    this.greetedInMs = Math.max(0, this.#service.clock.now() - this.#askedAt);
    this.#ready.resolve("ready");
  }

  /** @returns the message's index. */
  send(message: object): number {
    if (!this.#isOver && this.#socket) {
      try {
        this.#socket.send(JSON.stringify(message));
      } catch {
        // It is closing, and nobody said so yet.
        this.#end();
      }
    }
    this.sent += 1;
    return this.sent - 1;
  }

  /** It is to be replaced in that time at the latest: its talk calls `leave` where it may go before. */
  leaveIn(ms: number): void {
    this.#cancelLeaving ??= this.#service.clock.after(ms, () => this.leave());
  }

  /** Ends it in order, and says so. */
  leave(): void {
    this.#socket?.close(1000, "");
    this.#end();
  }

  /** Ends it in order, where its talk knows. */
  drop(): void {
    this.#cancelLeaving?.();
    if (!this.#isOver) this.#socket?.close(1000, "");
    this.#isOver = true;
    this.#left.abort();
    this.#ready.resolve("unavailable");
  }

  async #open(first: object): Promise<void> {
    const { url, headers, onMessage } = this.#options;
    try {
      const socket = await this.#service.open({
        url,
        headers,
        onMessage: (text) => {
          if (!this.#isOver && !onMessage(text)) this.#tellUnread();
        },
        onClose: () => this.#end(),
        signal: this.#left.signal,
      });
      // Who opens it closes one that nobody waits for any more; twice does no harm.
      if (this.#isOver) socket.close(1000, "");
      else this.#socket = socket;
      this.#askedAt = this.#service.clock.now();
      if (!this.#isOver) this.send(first);
    } catch {
      this.#end();
    }
  }

  /** Once a connection: a model whose messages are all like this has a log of its own to fill. */
  #tellUnread(): void {
    if (this.#isUnreadTold) return;
    this.#isUnreadTold = true;
    log.warn("model.answered_wrong", { model: this.#service.model, answer: "a message that can't be read" });
  }

  #end(): void {
    this.#cancelLeaving?.();
    if (this.#isOver) return;
    this.#isOver = true;
    this.#ready.resolve("unavailable");
    if (this.#isReady) this.#options.onEnd();
  }
}
