/**
 * The connection to the room, over partysocket: reconnects for ever with jitter until told to stop, never before the
 * time that the room asked for, asks for a new token at every attempt, notices a connection that is open and dead or
 * answers nothing, and never queues a frame (what was not sent is the uplink's business).
 */
import ReconnectingWebSocket from "partysocket/ws";
import { encode } from "@msgpack/msgpack";
import { normalCloseCode } from "../../schemas/wire/errors.ts";
import { jsonSubprotocol, msgpackSubprotocol, pingText } from "../../schemas/wire/protocol.ts";
import { encodeBase64 } from "../../schemas/wire/base64.ts";
import type { Encoding } from "../../schemas/wire/codec.ts";
import { asksForCredential } from "./ask-credential.ts";
import { backoffMs } from "./backoff.ts";
import { bearerSubprotocol } from "./bearer.ts";
import type { CaptureTimes } from "./capture-types.ts";
import { abnormalCloseCode, finalCloseCodes, restartCloseCodes, unauthorizedCloseCode } from "./close-codes.ts";
import { Pause } from "./pause.ts";
import { connectFailure, unknownFailure } from "./connect-failure.ts";
import { parseRoomMessage, type ReadMessage } from "./read-message.ts";
import { RoomTime } from "./room-time.ts";
import type { SleepClock } from "./sleep-clock.ts";
import { withCloseTimeout } from "./ws-class.ts";

/** Refusals of the credential in a row after which the token provider is not asked again. */
const maxTokenRefusals = 5;
/** How long a connection must have lasted to be worth coming back to at once. */
const provenAfterMs = 5_000;
export interface RoomClose {
  readonly code: number;
  readonly reason: string;
  /** It will not be tried again. */
  readonly final: boolean;
}

export interface RoomSocketOptions {
  /** `ws://` or `wss://` URL of the track. */
  readonly url: string;
  readonly encoding: Encoding;
  /** Called before every attempt. */
  readonly token?: (() => string | Promise<string>) | undefined;
  /** For runtimes without a global WebSocket. */
  readonly WebSocket?: unknown;
  readonly random: () => number;
  readonly clock: SleepClock;
  readonly times: CaptureTimes;
  readonly onOpen: () => void;
  readonly onMessage: (message: ReadMessage) => void;
  /** Whether the room owes an answer to anything that was sent. */
  readonly isWaiting: () => boolean;
  /** Once for every connection that was open and did not end by `stop`, and for none that was never let in for want of a token. */
  readonly onClose: (close: RoomClose) => void;
  readonly onRetry: (retry: { attempt: number; afterMs: number; reason: string }) => void;
}

/** What browsers have and Node does not: the event that the network is back. */
interface NetworkEvents {
  addEventListener?: (type: "online", listener: () => void) => void;
  removeEventListener?: (type: "online", listener: () => void) => void;
}
const network = globalThis as unknown as NetworkEvents;

/** Opens the connection, and keeps it open. */
export class RoomSocket {
  readonly #options: RoomSocketOptions;
  readonly #socket: ReconnectingWebSocket;
  readonly #roomTime: RoomTime;
  /** Attempts since a connection last proved good. */
  #attempt = 0;
  #tokenRefusals = 0;
  /** Why the last connection or attempt ended. */
  #lastReason = unknownFailure;
  /** Set while this side ends the connection. */
  #ownReason: string | undefined;
  #isOpen = false;
  #wasOpen = false;
  /** 1 once the present connection proved good. */
  #proven = 0;
  #openedAt = 0;
  #lastHeardAt = 0;
  /** Since when the room has answered nothing, where it owes an answer. */
  #waitingSince: number | undefined;
  #lastTickAt = 0;
  #watch: ReturnType<typeof setInterval> | undefined;
  #pause: Pause | undefined;
  /** The room asked not to be connected to before, of `performance.now()`. */
  #notBefore = 0;
  #stopped = false;
  readonly #handleOnline = (): void => this.reconnect();

  constructor(options: RoomSocketOptions) {
    this.#options = options;
    let token: Promise<string | undefined> = Promise.resolve(undefined);
    this.#socket = new ReconnectingWebSocket(
      async () => {
        // partysocket asks for URL and protocols side by side; both wait for the same pause and token.
        token = this.#nextToken();
        await token;
        return options.url;
      },
      async () => {
        const given = await token;
        const own = options.encoding === "msgpack" ? msgpackSubprotocol : jsonSubprotocol;
        return given === undefined ? [own] : [own, bearerSubprotocol(given)];
      },
      {
        ...(options.WebSocket === undefined ? {} : { WebSocket: withCloseTimeout(options.WebSocket) }),
        maxEnqueuedMessages: 0,
        minReconnectionDelay: 1,
        maxReconnectionDelay: 1,
        connectionTimeout: options.times.connectTimeoutMs,
        shouldReconnectOnClose: ({ code }) => !this.#isFinal(code),
      },
    );
    this.#socket.binaryType = "arraybuffer";
    this.#roomTime = new RoomTime(options.clock, (message) => this.post(message));
    this.#socket.addEventListener("open", () => this.#handleOpen());
    this.#socket.addEventListener("message", ({ data }: { data: unknown }) => this.#handleMessage(data));
    // Its listeners get copies of events, which in browsers have neither code nor message. Its handlers get the events themselves.
    // oxlint-disable unicorn/prefer-add-event-listener
    this.#socket.onclose = ({ code, reason }) => this.#handleClose(code, reason);
    this.#socket.onerror = (event) => {
      this.#lastReason = connectFailure(event.message) ?? this.#lastReason;
    };
    // oxlint-enable unicorn/prefer-add-event-listener
    network.addEventListener?.("online", this.#handleOnline);
  }

  /** Sends a message that the room is to answer, if the connection is open. @returns whether it went out. */
  send(message: Readonly<Record<string, unknown>>, pcm?: Uint8Array): boolean {
    if (!this.post(message, pcm)) return false;
    this.#waitingSince ??= performance.now();
    return true;
  }

  /** Sends what has no answer. @returns whether it went out. */
  post(message: Readonly<Record<string, unknown>>, pcm?: Uint8Array): boolean {
    if (this.#socket.readyState !== ReconnectingWebSocket.OPEN) return false;
    if (this.#options.encoding === "msgpack") this.#socket.send(encode(pcm ? { ...message, content: pcm } : message));
    else this.#socket.send(JSON.stringify(pcm ? { ...message, content_b64: encodeBase64(pcm) } : message));
    return true;
  }

  /** Bytes that were given to the socket and have not left this machine. */
  get waitingBytes(): number {
    return this.#socket.bufferedAmount;
  }

  /** Ends the connection, and does not come back. */
  stop(): void {
    this.#stopped = true;
    this.#ownReason = "done";
    clearInterval(this.#watch);
    this.#roomTime.handleClose();
    network.removeEventListener?.("online", this.#handleOnline);
    this.#socket.close(normalCloseCode, "done");
    this.#pause?.cut();
  }

  /** Makes a new connection at once: the network is back, or the caller knows that this one is dead. */
  reconnect(): void {
    if (this.#stopped) return;
    this.#attempt = 0;
    this.#drop("reconnect");
    this.#pause?.cut();
  }

  /** Ends this connection, and makes another when the pause after a failed one is over. */
  giveUp(reason: string): void {
    if (!this.#stopped) this.#drop(reason);
  }

  #drop(reason: string): void {
    this.#ownReason = reason;
    this.#socket.reconnect(normalCloseCode, reason);
    this.#ownReason = undefined;
  }

  async #nextToken(): Promise<string | undefined> {
    const askedMs = Math.max(0, Math.ceil(this.#notBefore - performance.now()));
    const attempt = this.#attempt;
    // On top of what the room asked for: those who were told the same moment must not all come in it.
    const afterMs = askedMs + backoffMs(askedMs > 0 ? Math.max(1, attempt) : attempt, this.#options.random());
    this.#attempt += 1;
    if (afterMs > 0) {
      this.#options.onRetry({ attempt, afterMs, reason: this.#lastReason });
      await this.#wait(afterMs);
    }
    if (attempt > 0 && !this.#options.token && !this.#wasOpen) await this.#failWithoutToken();
    return this.#stopped || !this.#options.token ? undefined : this.#askForToken(this.#options.token);
  }

  /** Nobody brings a credential here: where one is asked for, no attempt will ever be let in. */
  async #failWithoutToken(): Promise<void> {
    if (!(await asksForCredential(this.#options.url)) || this.#stopped) return;
    this.stop();
    this.#options.onClose({ code: unauthorizedCloseCode, reason: "unauthorized", final: true });
  }

  /** Cut short, it ends all the same not before the room's time. */
  async #wait(ms: number): Promise<void> {
    for (let leftMs = ms; leftMs > 0 && !this.#stopped; leftMs = this.#notBefore - performance.now()) {
      this.#pause = new Pause(leftMs);
      await this.#pause.over;
    }
  }

  /** A provider that never answers must not keep the capture from ever connecting again. */
  async #askForToken(token: () => string | Promise<string>): Promise<string> {
    const { tokenTimeoutMs } = this.#options.times;
    const timeout = new Pause(tokenTimeoutMs);
    const late = timeout.over.then(() => {
      throw new Error(`the token provider gave nothing for ${tokenTimeoutMs} ms`);
    });
    // Cut, it settles as well, and nobody may be listening.
    late.catch(() => undefined);
    try {
      return await Promise.race([token(), late]);
    } finally {
      timeout.cut();
    }
  }

  #handleOpen(): void {
    this.#isOpen = this.#wasOpen = true;
    this.#proven = 0;
    this.#openedAt = this.#lastHeardAt = performance.now();
    this.#lastTickAt = this.#options.clock.read();
    this.#waitingSince = undefined;
    const { pingAfterMs, answerTimeoutMs } = this.#options.times;
    clearInterval(this.#watch);
    this.#watch = setInterval(() => this.#checkAlive(), Math.min(pingAfterMs, answerTimeoutMs) / 2);
    this.#options.onOpen();
    this.#roomTime.ask();
  }

  #handleMessage(data: unknown): void {
    this.#lastHeardAt = performance.now();
    // A page in the background is given few ticks, and is awake for all that. What comes late says nothing of it.
    if (this.#isAwake()) this.#lastTickAt = this.#options.clock.read();
    const message = parseRoomMessage(data);
    if (!message) return;
    const { type, mark } = message;
    if (mark !== undefined) this.post({ type: "seen", mark });
    // A greeting alone does not prove a connection: one that dies after each greeting must not be hammered.
    const isProven = type === "ack" || type === "ended" || this.#lastHeardAt - this.#openedAt > provenAfterMs;
    // Not 0: all clients of a gateway that restarts come back, and need the jitter.
    if (isProven && type !== "error") this.#attempt = this.#proven = 1;
    if (type === "ready") this.#tokenRefusals = 0;
    if (type === "pong") this.#roomTime.handlePong(message.ts);
    // Without a number it is no second that is refused, but the connection.
    if (type === "error" && message.seq === undefined && message.retry_after_ms !== undefined)
      this.#notBefore = this.#lastHeardAt + message.retry_after_ms;
    this.#options.onMessage(message);
    if (type !== "pong") this.#waitingSince = this.#options.isWaiting() ? performance.now() : undefined;
  }

  #handleClose(code: number, reason: string): void {
    clearInterval(this.#watch);
    this.#roomTime.handleClose();
    const own = this.#ownReason;
    // partysocket tells a broken connection as 1000, a code that no room ends one with unasked.
    const told = own === undefined && code === normalCloseCode ? abnormalCloseCode : code;
    const broken = this.#isOpen ? "connection lost" : unknownFailure;
    this.#lastReason = own ?? (reason || (told === abnormalCloseCode ? broken : `close ${told}`));
    if (!this.#isOpen || this.#stopped) return;
    // Its end was announced and is nobody's failure: back at once. One that proved nothing waits, or would come back in a loop.
    if (restartCloseCodes.has(code) && this.#proven === 1) this.#attempt = 0;
    this.#isOpen = false;
    if (code === unauthorizedCloseCode) this.#tokenRefusals += 1;
    this.#options.onClose({ code: told, reason: this.#lastReason, final: this.#isFinal(code, 0) });
  }

  /** @param upcoming refusals that are not counted yet. */
  #isFinal(code: number, upcoming = 1): boolean {
    if (this.#stopped || finalCloseCodes.has(code)) return true;
    if (code !== unauthorizedCloseCode) return false;
    return !this.#options.token || this.#tokenRefusals + upcoming >= maxTokenRefusals;
  }

  #isAwake(): boolean {
    return this.#options.clock.read() - this.#lastTickAt < this.#options.times.deadAfterMs;
  }

  #checkAlive(): void {
    const { pingAfterMs, deadAfterMs, answerTimeoutMs } = this.#options.times;
    const now = performance.now();
    // A tick that comes far too late: the machine slept, and nobody knows what became of the connection.
    const isAwake = this.#isAwake();
    this.#lastTickAt = this.#options.clock.read();
    const silentMs = now - this.#lastHeardAt;
    this.#roomTime.handleTick();
    if (!isAwake) this.#drop("slept");
    else if (silentMs > deadAfterMs) this.#drop("silent");
    else if (this.#waitingSince !== undefined && now - this.#waitingSince > answerTimeoutMs) this.#drop("no answer");
    else if (silentMs > pingAfterMs && this.#socket.readyState === ReconnectingWebSocket.OPEN)
      this.#socket.send(pingText);
  }
}
