/**
 * A talk with a model of Gemini Live, over its own wire (SPEC Y5, Y6). A connection that is to go is replaced between two turns where
 * there is time; the next one goes on with the handle, and is sent again what the handle's memory does not hold. Every end of a
 * connection is one that may be tried again: 1008 and 1011 come at random. Knows no turn machine.
 */
import { err, ok, type Result } from "../../../../schemas/lib/result.ts";
import { TimeoutError, withTimeout } from "../../../../schemas/lib/timeout.ts";
import { bytesPerSample, sampleRateHz } from "../../../../schemas/wire/audio.ts";
import { decodeBase64 } from "../../../../schemas/wire/base64.ts";
import {
  audioMessage,
  beginMessage,
  type GoogleMessage,
  googlePath,
  rateOf,
  readGoogleMessage,
  setupMessage,
  timeLeftMs,
  tokensOf,
} from "./google-wire.ts";
import type { ModelSocket, OpenModelSocket, Talk, TalkEvent, TalkSetup } from "./live-model.ts";
import { RateChange } from "./rate-change.ts";
import { UnheardAudio } from "./unheard-audio.ts";

export interface GoogleService {
  /** `https://…` or `http://…`, without a path. */
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly model: string;
  readonly open: OpenModelSocket;
  readonly connectTimeoutMs: number;
}

/** What is left of a connection's time for its closing. */
const closingMs = 1_000;

interface Line {
  socket: ModelSocket | undefined;
  isReady: boolean;
  isOver: boolean;
  /** Messages sent, the setup included. */
  sent: number;
  /** It is to go: as soon as the turn is over, and then in any case. */
  leaving: ReturnType<typeof setTimeout> | undefined;
}

export function openGoogleTalk(service: GoogleService, setup: TalkSetup, emit: (event: TalkEvent) => void): Talk {
  return new GoogleTalk(service, setup, emit);
}

class GoogleTalk implements Talk {
  readonly #service: GoogleService;
  readonly #setup: TalkSetup;
  readonly #emit: (event: TalkEvent) => void;
  readonly #unheard = new UnheardAudio();
  #handle: string | undefined;
  #line: Line | undefined;
  #turn = 1;
  /** Whether anything of the turn came. */
  #isSpeaking = false;
  /** The last message that went out before the model began to answer. */
  #answered = -1;
  #hasBegun = false;
  #rate: { readonly hz: number; readonly change: RateChange } | undefined;

  constructor(service: GoogleService, setup: TalkSetup, emit: (event: TalkEvent) => void) {
    this.#service = service;
    this.#setup = setup;
    this.#emit = emit;
    this.#handle = setup.handle;
  }

  async connect(): Promise<Result<"connected", "unavailable" | "timeout">> {
    this.#drop();
    this.#unheard.forgetIndexes();
    this.#answered = -1;
    if (this.#isSpeaking) this.#endTurn();
    const line: Line = { socket: undefined, isReady: false, isOver: false, sent: 0, leaving: undefined };
    this.#line = line;
    const ready = Promise.withResolvers<void>();
    const end = new AbortController();
    const { baseUrl, apiKey, model, open, connectTimeoutMs } = this.#service;
    const make = async (): Promise<void> => {
      line.socket = await open({
        url: `${baseUrl}${googlePath}`,
        headers: { "x-goog-api-key": apiKey },
        onMessage: (text) => {
          if (line === this.#line && !line.isOver && this.#take(line, text)) ready.resolve();
        },
        onClose: () => {
          ready.reject(new Error("the model closed the connection"));
          this.#close(line);
        },
        signal: end.signal,
      });
      if (!line.isOver) this.#send(line, setupMessage(model, this.#setup, this.#handle));
      await ready.promise;
    };
    // Rejected before anybody waits for it, it is waited for all the same.
    ready.promise.catch(() => undefined);
    try {
      await withTimeout(make(), connectTimeoutMs, "the model's greeting");
    } catch (cause) {
      end.abort();
      line.isOver = true;
      line.socket?.close(1000, "");
      return err(cause instanceof TimeoutError ? "timeout" : "unavailable");
    }
    const { greeting, script } = this.#setup;
    // A session that goes on has begun.
    if (this.#handle === undefined && !this.#hasBegun && (greeting ?? script)) this.#send(line, beginMessage());
    this.#hasBegun = true;
    this.#flush(line);
    return ok("connected");
  }

  hear(pcm: Uint8Array): void {
    this.#unheard.push(pcm);
    if (this.#line) this.#flush(this.#line);
  }

  close(): void {
    const line = this.#line;
    if (line?.isReady && !line.isOver) this.#send(line, { realtimeInput: { audioStreamEnd: true } });
    this.#drop();
  }

  #flush(line: Line): void {
    if (line.isReady && !line.isOver) this.#unheard.send((pcm) => this.#send(line, audioMessage(pcm)));
  }

  /** @returns the message's index. */
  #send(line: Line, message: object): number {
    line.socket?.send(JSON.stringify(message));
    line.sent += 1;
    return line.sent - 1;
  }

  /** @returns whether it is the greeting. */
  #take(line: Line, text: string): boolean {
    const message = readGoogleMessage(text);
    // What can't be read is of no use; a connection that gives nothing else says so by its end.
    if (!message) return false;
    const { setupComplete, serverContent, sessionResumptionUpdate, goAway, usageMetadata } = message;
    if (setupComplete) line.isReady = true;
    if (serverContent) this.#takeContent(line, serverContent);
    if (usageMetadata) this.#emit({ type: "usage", tokens: tokensOf(usageMetadata) });
    if (sessionResumptionUpdate) this.#takeHandle(line, sessionResumptionUpdate);
    if (goAway) line.leaving ??= setTimeout(() => this.#leave(line), Math.max(0, timeLeftMs(goAway) - closingMs));
    if (line.leaving !== undefined && !this.#isSpeaking) this.#leave(line);
    return setupComplete !== undefined;
  }

  #takeContent(line: Line, content: NonNullable<GoogleMessage["serverContent"]>): void {
    const { inputTranscription, outputTranscription, modelTurn, interrupted, turnComplete } = content;
    if (inputTranscription?.text) this.#emit({ type: "heard", text: inputTranscription.text, isFinal: false });
    if (outputTranscription?.text) {
      this.#begin(line);
      this.#emit({ type: "said", turn: this.#turn, text: outputTranscription.text });
    }
    for (const { inlineData } of modelTurn?.parts ?? []) {
      const samples = inlineData && this.#samplesOf(inlineData);
      if (!samples?.length) continue;
      this.#begin(line);
      this.#emit({ type: "audio", turn: this.#turn, samples });
    }
    if (interrupted) {
      this.#emit({ type: "interrupted" });
      this.#unheard.heard(this.#answered);
      this.#endTurn();
    }
    // Behind an interruption it is of the turn that was cut off.
    if (turnComplete && this.#isSpeaking) this.#complete();
  }

  #begin(line: Line): void {
    if (!this.#isSpeaking) this.#answered = line.sent - 1;
    this.#isSpeaking = true;
  }

  #complete(): void {
    const rest = this.#rate?.change.flush();
    if (rest?.length) this.#emit({ type: "audio", turn: this.#turn, samples: rest });
    this.#emit({ type: "turn_complete", turn: this.#turn });
    // What was answered is not to be asked again, whatever becomes of the connection.
    this.#unheard.heard(this.#answered);
    this.#endTurn();
  }

  #endTurn(): void {
    this.#rate = undefined;
    this.#isSpeaking = false;
    this.#turn += 1;
  }

  #takeHandle(line: Line, update: NonNullable<GoogleMessage["sessionResumptionUpdate"]>): void {
    if (!update.resumable || update.newHandle === undefined) return;
    this.#handle = update.newHandle;
    this.#emit({ type: "handle", handle: update.newHandle });
    this.#unheard.heard(update.lastConsumedClientMessageIndex ?? line.sent - 1);
  }

  #samplesOf({ mimeType, data }: { mimeType?: string | undefined; data: string }): Int16Array | undefined {
    const bytes = decodeBase64(data);
    const hz = rateOf(mimeType);
    if (!bytes.ok || hz < 8_000 || hz > 48_000) return undefined;
    const view = new DataView(bytes.value.buffer, bytes.value.byteOffset, bytes.value.byteLength);
    const samples = Int16Array.from({ length: Math.floor(bytes.value.byteLength / bytesPerSample) }, (_, index) =>
      view.getInt16(index * bytesPerSample, true),
    );
    if (hz === sampleRateHz) return samples;
    if (this.#rate?.hz !== hz) this.#rate = { hz, change: new RateChange(hz, sampleRateHz) };
    return this.#rate.change.push(samples);
  }

  #leave(line: Line): void {
    line.socket?.close(1000, "");
    this.#close(line);
  }

  #close(line: Line): void {
    if (line.leaving !== undefined) clearTimeout(line.leaving);
    if (line.isOver) return;
    line.isOver = true;
    if (line.isReady && line === this.#line) this.#emit({ type: "closed" });
  }

  #drop(): void {
    const line = this.#line;
    if (!line) return;
    if (line.leaving !== undefined) clearTimeout(line.leaving);
    if (!line.isOver) line.socket?.close(1000, "");
    line.isOver = true;
    this.#line = undefined;
  }
}
