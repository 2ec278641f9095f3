/**
 * A talk with a model of Gemini Live, over its own wire (SPEC Y5, Y6). A connection that is to go is replaced between two turns where
 * there is time; the next one goes on with the handle, and is sent again what the handle's memory does not hold. Knows no turn machine.
 */
import { isWithin } from "../../../../shared/lib/cooldown.ts";
import type { Result } from "../../../../../schemas/lib/result.ts";
import type { Talk, TalkEvent, TalkSetup } from "../live-model.ts";
import { ModelLine, type ModelService } from "../model-line.ts";
import { TurnSound } from "../pcm.ts";
import { UnheardAudio } from "../unheard-audio.ts";
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
} from "./wire.ts";

/** What is left of a connection's time for its closing. */
const closingMs = 1_000;
const maxRefusals = 4;
const maxHandleAgeMs = 20_000;

export function openGoogleTalk(service: ModelService, setup: TalkSetup, emit: (event: TalkEvent) => void): Talk {
  return new GoogleTalk(service, setup, emit);
}

class GoogleTalk implements Talk {
  readonly isRemote = true;
  readonly #service: ModelService;
  readonly #setup: TalkSetup;
  readonly #emit: (event: TalkEvent) => void;
  readonly #unheard: UnheardAudio;
  readonly #sound = new TurnSound();
  #handle: string | undefined;
  #handleAt = 0;
  #line: ModelLine | undefined;
  #turn = 1;
  /** Whether anything of the turn came. */
  #isSpeaking = false;
  /** The last message that went out before the model began to answer. */
  #answered = -1;
  /** It said something: it need not be asked to begin. */
  #hasBegun = false;
  /** Connections in a row that did not come about. */
  #refusals = 0;
  /** Letters that were heard of audio which another connection would be sent again. */
  #doubtful = 0;
  /** Of these, those that came before the answer began. */
  #doubtfulBefore = 0;

  constructor(service: ModelService, setup: TalkSetup, emit: (event: TalkEvent) => void) {
    this.#service = service;
    this.#setup = setup;
    this.#emit = emit;
    this.#handle = setup.handle;
    this.#unheard = new UnheardAudio(service.clock.now);
  }

  async connect(): Promise<Result<"connected", "unavailable" | "timeout">> {
    this.#line?.drop();
    this.#retract();
    this.#unheard.forgetIndexes();
    this.#answered = -1;
    if (this.#isSpeaking) this.#endTurn();
    const { baseUrl, apiKey, model } = this.#service;
    const line = new ModelLine(this.#service, {
      url: `${baseUrl}${googlePath}`,
      headers: { "x-goog-api-key": apiKey },
      onMessage: (text) => this.#take(line, text),
      onEnd: () => this.#emit({ type: "closed" }),
    });
    this.#line = line;
    const connected = await line.connect(setupMessage(model, this.#setup, this.#handle));
    if (!connected.ok) {
      this.#refusals += 1;
      // A session may be forgotten: one that knows nothing is better than none.
      if (this.#refusals >= maxRefusals) this.#handle = undefined;
      return connected;
    }
    this.#refusals = 0;
    const { greeting, script } = this.#setup;
    if (this.#handle === undefined && !this.#hasBegun && (greeting ?? script)) line.send(beginMessage());
    this.#flush(line);
    return connected;
  }

  hear(pcm: Uint8Array): void {
    this.#unheard.push(pcm);
    if (this.#line) this.#flush(this.#line);
  }

  close(): void {
    if (this.#line?.isReady) this.#line.send({ realtimeInput: { audioStreamEnd: true } });
    this.#line?.drop();
    this.#line = undefined;
  }

  #flush(line: ModelLine): void {
    if (line.isReady) this.#unheard.send((pcm) => line.send(audioMessage(pcm)));
  }

  #take(line: ModelLine, text: string): boolean {
    const message = readGoogleMessage(text);
    if (!message) return false;
    const { setupComplete, serverContent, sessionResumptionUpdate, goAway, usageMetadata } = message;
    if (setupComplete) {
      line.ready();
      this.#unheard.takesMs(line.greetedInMs);
    }
    if (serverContent) this.#takeContent(line, serverContent);
    if (sessionResumptionUpdate) this.#takeHandle(line, sessionResumptionUpdate);
    if (usageMetadata) this.#emit({ type: "usage", tokens: tokensOf(usageMetadata) });
    if (goAway) line.leaveIn(Math.max(0, timeLeftMs(goAway) - closingMs));
    if (line.isLeaving && !this.#isSpeaking) line.leave();
    return true;
  }

  #takeContent(line: ModelLine, content: NonNullable<GoogleMessage["serverContent"]>): void {
    const { inputTranscription, outputTranscription, modelTurn, interrupted, turnComplete } = content;
    if (inputTranscription?.text) {
      // Words of audio that no connection is sent again stand.
      if (this.#unheard.hasSentVoice) this.#doubtful += inputTranscription.text.length;
      this.#emit({ type: "heard", text: inputTranscription.text, isFinal: false });
    }
    if (outputTranscription?.text) {
      this.#begin(line);
      this.#emit({ type: "said", turn: this.#turn, text: outputTranscription.text });
    }
    for (const { inlineData } of modelTurn?.parts ?? []) {
      const samples = inlineData && this.#sound.take(inlineData.data, rateOf(inlineData.mimeType));
      if (!samples?.length) continue;
      this.#begin(line);
      this.#emit({ type: "audio", turn: this.#turn, samples });
    }
    if (interrupted) {
      this.#emit({ type: "interrupted", ...this.#keepAnswered(true) });
      this.#endTurn();
    }
    // Behind an interruption it is of the turn that was cut off.
    if (turnComplete && this.#isSpeaking) this.#complete();
  }

  #begin(line: ModelLine): void {
    if (!this.#isSpeaking) {
      this.#answered = line.sent - 1;
      this.#doubtfulBefore = this.#doubtful;
    }
    this.#isSpeaking = this.#hasBegun = true;
  }

  #complete(): void {
    const rest = this.#sound.flush();
    if (rest.length > 0) this.#emit({ type: "audio", turn: this.#turn, samples: rest });
    this.#emit({ type: "turn_complete", turn: this.#turn, ...this.#keepAnswered(false) });
    this.#endTurn();
  }

  /**
   * What was answered is not to be asked again, whatever becomes of the connection. What a person went on to say meanwhile is not in the
   * answer, and may have begun before it. Where nothing was written down of who cut it off, all of that is still to come.
   * @param wasCut by them, so they do. @returns letters of that which were heard already.
   */
  #keepAnswered(wasCut: boolean): { readonly since?: number } {
    if (wasCut && this.#doubtful === 0) {
      this.#unheard.forgetQuiet(this.#answered);
      this.#doubtfulBefore = 0;
      return {};
    }
    const goesOn = wasCut || this.#unheard.hasVoiceBehind(this.#answered);
    const since = goesOn ? this.#doubtful - this.#doubtfulBefore : 0;
    this.#unheard.heard(wasCut || since > 0 ? this.#unheard.voiceBefore(this.#answered) : this.#answered);
    this.#doubtful = since;
    this.#doubtfulBefore = 0;
    return since > 0 ? { since } : {};
  }

  #endTurn(): void {
    this.#sound.clear();
    this.#isSpeaking = false;
    this.#turn += 1;
  }

  #takeHandle(line: ModelLine, update: NonNullable<GoogleMessage["sessionResumptionUpdate"]>): void {
    if (!update.resumable || update.newHandle === undefined) return;
    const { lastConsumedClientMessageIndex: consumed } = update;
    const now = this.#service.clock.now();
    // Without a word on it, what is on its way is not in it: one that is made in a pause loses nothing.
    const isDoubtful = consumed === undefined && this.#unheard.isVoiceUnderWay;
    if (isDoubtful && this.#handle !== undefined && isWithin(maxHandleAgeMs, this.#handleAt, now)) return;
    this.#handle = update.newHandle;
    this.#handleAt = now;
    this.#doubtful = this.#doubtfulBefore = 0;
    if (consumed === undefined) this.#unheard.heardButLately();
    else this.#unheard.heard(Math.min(consumed, line.sent - 1));
    this.#emit({ type: "handle", handle: update.newHandle });
  }

  /** What is sent again is heard again. */
  #retract(): void {
    if (this.#doubtful > 0 && this.#unheard.hasSentVoice) this.#emit({ type: "retracted", chars: this.#doubtful });
    this.#doubtful = this.#doubtfulBefore = 0;
  }
}
