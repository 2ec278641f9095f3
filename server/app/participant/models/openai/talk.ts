/**
 * A talk with a model of OpenAI's Realtime, over its own wire (SPEC Y5, Y6). A session of this provider ends with its connection: the next
 * one is told who said what, is sent again the sound of which nobody knows the words yet, and asked for an answer where the person
 * waits for one. Sound is at 24 kHz there, and at 16 kHz here. Knows no turn machine.
 */
import type { Result } from "../../../../../schemas/lib/result.ts";
import { bytesPerSample, sampleRateHz } from "../../../../../schemas/wire/audio.ts";
import type { Talk, TalkEvent, TalkSetup } from "../live-model.ts";
import { ModelLine, type ModelService } from "../model-line.ts";
import { bytesOf, samplesOf } from "../../../../../schemas/wire/samples.ts";
import { TurnSound } from "../pcm.ts";
import { RateChange } from "../rate-change.ts";
import { UnheardAudio } from "../unheard-audio.ts";
import { TalkMemory } from "./memory.ts";
import { PeopleWords } from "./people-words.ts";
import { ResponseTurns } from "./response-turns.ts";
import {
  addMessage,
  appendAudio,
  askForAnswer,
  type OpenAiEvent,
  openAiRateHz,
  readOpenAiEvent,
  realtimeUrl,
  sessionUpdate,
  stopAnswer,
  tokensOf,
  truncateItem,
} from "./wire.ts";

const samplesPerMs = sampleRateHz / 1_000;

export function openOpenAiTalk(service: ModelService, setup: TalkSetup, emit: (event: TalkEvent) => void): Talk {
  return new OpenAiTalk(service, setup, emit);
}

class OpenAiTalk implements Talk {
  readonly isRemote = true;
  readonly #service: ModelService;
  readonly #setup: TalkSetup;
  readonly #emit: (event: TalkEvent) => void;
  readonly #unheard: UnheardAudio;
  readonly #memory: TalkMemory;
  readonly #turns = new ResponseTurns();
  readonly #sound = new TurnSound();
  #words = new PeopleWords();
  #to24k = new RateChange(sampleRateHz, openAiRateHz);
  /** Sound that went out over this connection, ms: the provider names places by it. */
  #sentMs = 0;
  /** So much of it is from before. */
  #resentMs = 0;
  /** So much of it has its answer. */
  #answeredMs: number | undefined;
  #line: ModelLine | undefined;

  constructor(service: ModelService, setup: TalkSetup, emit: (event: TalkEvent) => void) {
    this.#service = service;
    this.#setup = setup;
    this.#emit = emit;
    this.#memory = new TalkMemory(setup.handle);
    this.#unheard = new UnheardAudio(service.clock.now);
  }

  async connect(): Promise<Result<"connected", "unavailable" | "timeout">> {
    this.#line?.drop();
    this.#forgetConnection();
    const { baseUrl, apiKey, model } = this.#service;
    const line = new ModelLine(this.#service, {
      url: realtimeUrl(baseUrl, model),
      headers: { authorization: `Bearer ${apiKey}` },
      onMessage: (text) => {
        const event = readOpenAiEvent(text);
        if (event && event !== "other") this.#take(line, event);
        return event !== undefined;
      },
      onEnd: () => this.#emit({ type: "closed" }),
    });
    this.#line = line;
    const connected = await line.connect(sessionUpdate(this.#setup));
    if (!connected.ok) return connected;
    const { greeting, script } = this.#setup;
    for (const { role, text } of this.#memory.known) line.send(addMessage(role, text));
    const begins = this.#memory.isEmpty && (greeting ?? script) !== undefined;
    if (begins || this.#memory.needsAnswer) line.send(askForAnswer);
    this.#flush(line);
    this.#resentMs = this.#sentMs;
    return connected;
  }

  hear(pcm: Uint8Array): void {
    this.#unheard.push(pcm);
    if (this.#line) this.#flush(this.#line);
  }

  handleTurnOver(turn: number, playedSamples: number, wasCut: boolean): void {
    const over = this.#turns.over(turn);
    if (!over || !wasCut) return;
    this.#memory.cut(turn, over.samples === 0 ? 0 : playedSamples / over.samples);
    this.#keepMemory();
    if (over.item !== undefined && this.#line?.isReady)
      this.#line.send(truncateItem(over.item, Math.floor(playedSamples / samplesPerMs)));
  }

  interrupt(): void {
    const turn = this.#turns.complete();
    if (turn === undefined) return;
    this.#memory.complete(turn);
    this.#sound.clear();
    if (this.#line?.isReady) this.#line.send(stopAnswer);
  }

  close(): void {
    this.#line?.drop();
    this.#line = undefined;
  }

  #forgetConnection(): void {
    this.#words = new PeopleWords();
    this.#memory.forgetWordless();
    this.#turns.forgetConnection();
    this.#sound.clear();
    this.#unheard.forgetIndexes();
    this.#to24k = new RateChange(sampleRateHz, openAiRateHz);
    this.#sentMs = this.#resentMs = 0;
    this.#answeredMs = undefined;
  }

  #flush(line: ModelLine): void {
    if (!line.isReady) return;
    this.#unheard.send((pcm) => {
      this.#sentMs += pcm.byteLength / bytesPerSample / samplesPerMs;
      line.send(appendAudio(bytesOf(this.#to24k.push(samplesOf(pcm)))));
      return this.#sentMs;
    });
  }

  #take(line: ModelLine, event: OpenAiEvent): void {
    switch (event.type) {
      case "session.updated":
        return line.ready();
      case "error":
        // Before it is ready, it never will be; after an hour it is over. Other errors are of one event.
        return line.isReady && event.error.code !== "session_expired" ? undefined : line.leave();
      case "input_audio_buffer.speech_started":
        this.#words.start(event.item_id, this.#unheard.cameAt(event.audio_start_ms));
        // What is sent again interrupts nobody.
        if (event.audio_start_ms >= this.#resentMs || this.#turns.isHeardNow) this.#interrupt();
        return undefined;
      case "input_audio_buffer.speech_stopped":
        this.#words.stop(event.item_id, event.audio_end_ms, this.#unheard.cameAt(event.audio_end_ms));
        return this.#emit({ type: "asked" });
      case "input_audio_buffer.committed":
        this.#words.commit(event.item_id);
        // What was answered is not asked again; its words had their time.
        if (this.#answeredMs !== undefined) this.#unheard.heard(this.#answeredMs);
        return this.#memory.addPerson(event.item_id);
      case "conversation.item.input_audio_transcription.completed":
        return this.#hearWords(event.item_id, event.transcript);
      case "conversation.item.input_audio_transcription.failed":
        return this.#hearWords(event.item_id, "");
      case "response.output_audio.delta": {
        const turn = this.#turns.of(event.response_id, event.item_id);
        const samples = turn === undefined ? undefined : this.#sound.take(event.delta, openAiRateHz);
        if (turn !== undefined && samples?.length) this.#say(turn, samples);
        return undefined;
      }
      case "response.output_audio_transcript.delta": {
        const turn = this.#turns.of(event.response_id, event.item_id);
        if (turn === undefined) return undefined;
        this.#memory.say(turn, event.delta);
        return this.#emit({ type: "said", turn, text: event.delta });
      }
      case "response.done":
        return this.#finish(line, event.response);
    }
  }

  #say(turn: number, samples: Int16Array): void {
    this.#turns.grow(turn, samples.length);
    this.#emit({ type: "audio", turn, samples });
  }

  /** Somebody speaks: the provider stops by itself, and what is queued here is not heard any more. */
  #interrupt(): void {
    const turn = this.#turns.complete();
    if (turn !== undefined) this.#memory.complete(turn);
    this.#sound.clear();
    this.#emit({ type: "interrupted" });
  }

  /** In the order in which it was said, whatever order it is written down in. */
  #hearWords(item: string, transcript: string): void {
    for (const { id, text, endMs, spoken } of this.#words.write(item, transcript)) {
      this.#memory.setWords(id, text);
      // Its words are what the next connection is told: the sound is not sent again.
      this.#unheard.heard(endMs);
      const words = text.trim();
      this.#emit({ type: "heard", text: words === "" ? "" : `${words} `, isFinal: true, spoken });
    }
    this.#keepMemory();
  }

  #finish(line: ModelLine, { id, status, usage }: Extract<OpenAiEvent, { type: "response.done" }>["response"]): void {
    if (usage) this.#emit({ type: "usage", tokens: tokensOf(usage) });
    // It had an answer to give and could not: another connection may.
    if (status === "failed") return line.leave();
    const turn = this.#turns.find(id);
    if (turn === undefined) return;
    if (status === "cancelled") return this.#interrupt();
    const rest = this.#sound.flush();
    if (rest.length > 0) this.#say(turn, rest);
    this.#turns.complete();
    this.#memory.complete(turn);
    this.#answeredMs = this.#words.lastEndMs;
    this.#emit({ type: "turn_complete", turn });
    this.#keepMemory();
  }

  #keepMemory(): void {
    this.#emit({ type: "handle", handle: this.#memory.toText() });
  }
}
