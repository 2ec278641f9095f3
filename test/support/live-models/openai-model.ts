/**
 * A model that speaks OpenAI's Realtime wire: it hears the words of `spoken-words.ts`, has them written down beside it, answers each pause,
 * and forgets all with its connection. What it would refuse is in `refused`.
 */
import type { Clock } from "../../../server/app/participant/clock.ts";
import { answerTo, Ear, type Noticed, speech } from "./spoken-words.ts";
import type { Serve, ServerLine, Session } from "./served.ts";

export interface OpenAiOptions {
  readonly clock: Clock;
  /** How long it takes to write an item down. */
  readonly writesInMs: () => number;
  readonly wordMs?: number;
}

const rateHz = 24_000;
const silenceMs = 500;
const chunkMs = 200;
const thinkMs = 150;

export class OpenAiModel {
  readonly #options: OpenAiOptions;
  readonly reachedBy: { readonly url: string; readonly key: unknown }[] = [];
  readonly refused: string[] = [];
  /** Messages that a connection was told of, by connection. */
  readonly told: { readonly role: string; readonly text: string }[][] = [];
  greetings = 0;

  constructor(options: OpenAiOptions) {
    this.#options = options;
  }

  readonly serve: Serve = (line) => {
    this.reachedBy.push({ url: line.url, key: line.headers["authorization"] });
    const told: { role: string; text: string }[] = [];
    this.told.push(told);
    return new OpenAiSession(line, this.#options, this, told);
  };
}

interface Response {
  readonly id: string;
  readonly item: string;
  readonly left: string[];
  samples: number;
}

type Sent = Record<string, unknown>;

class OpenAiSession implements Session {
  readonly #line: ServerLine;
  readonly #options: OpenAiOptions;
  readonly #model: OpenAiModel;
  readonly #told: { role: string; text: string }[];
  readonly #ear = new Ear(rateHz, silenceMs);
  /** Of items of its own, how long their sound is, ms. */
  readonly #lengths = new Map<string, number>();
  #words: number[] = [];
  #items = 0;
  #current: Response | undefined;
  #isOver = false;

  constructor(line: ServerLine, options: OpenAiOptions, model: OpenAiModel, told: { role: string; text: string }[]) {
    this.#line = line;
    this.#options = options;
    this.#model = model;
    this.#told = told;
    line.send({ type: "session.created", event_id: "e0", session: {} });
  }

  take(message: Sent): void {
    switch (String(message["type"])) {
      case "session.update": {
        const { session } = message as unknown as { session: { audio: { input: { format: object } } } };
        const format = JSON.stringify(session.audio.input.format);
        if (format !== '{"type":"audio/pcm","rate":24000}') this.#refuse(`format ${format}`);
        return this.#line.send({ type: "session.updated", event_id: "e1", session });
      }
      case "conversation.item.create": {
        const { item } = message as unknown as { item: { role: string; content: { type: string; text: string }[] } };
        const [content] = item.content;
        const wanted = item.role === "user" ? "input_text" : "output_text";
        if (content?.type !== wanted) this.#refuse(`content ${content?.type} of ${item.role}`);
        this.#told.push({ role: item.role, text: content?.text ?? "" });
        return;
      }
      case "response.create":
        if (this.#current) return this.#refuse("conversation_already_has_active_response");
        if (this.#told.length === 0) this.#model.greetings += 1;
        return this.#answer([]);
      case "response.cancel":
        if (!this.#current) return this.#refuse("response_cancel_not_active");
        return this.#done(this.#current, "cancelled");
      case "input_audio_buffer.append": {
        const bytes = Buffer.from(String(message["audio"]), "base64");
        for (const noticed of this.#ear.push(new Int16Array(Uint8Array.from(bytes).buffer))) this.#notice(noticed);
        return;
      }
      case "conversation.item.truncate": {
        const { item_id, audio_end_ms } = message as unknown as { item_id: string; audio_end_ms: number };
        const length = this.#lengths.get(item_id);
        if (length === undefined || audio_end_ms > length)
          this.#refuse(`truncate ${item_id} at ${audio_end_ms} of ${length}`);
        return;
      }
      default:
        this.#refuse(`type ${String(message["type"])}`);
    }
  }

  goAway(): void {
    this.#line.send({
      type: "error",
      event_id: "e9",
      error: { type: "invalid_request_error", code: "session_expired", message: "" },
    });
    this.#line.close(1_001);
  }

  over(): void {
    this.#isOver = true;
  }

  #refuse(why: string): void {
    this.#model.refused.push(why);
    this.#line.send({
      type: "error",
      event_id: "e8",
      error: { type: "invalid_request_error", code: "bad", message: why },
    });
  }

  #notice({ type, word, atMs }: Noticed): void {
    if (type === "begins") {
      this.#items += 1;
      const started = { event_id: "e", item_id: `user_${this.#items}`, audio_start_ms: Math.floor(atMs) };
      this.#line.send({ type: "input_audio_buffer.speech_started", ...started });
      if (this.#current) this.#done(this.#current, "cancelled");
    }
    if (type === "word") this.#words.push(word);
    if (type === "pause") this.#commit(Math.floor(atMs));
  }

  #commit(endMs: number): void {
    const item = `user_${this.#items}`;
    const words = this.#words;
    this.#words = [];
    this.#line.send({ type: "input_audio_buffer.speech_stopped", event_id: "e", item_id: item, audio_end_ms: endMs });
    this.#line.send({ type: "input_audio_buffer.committed", event_id: "e", item_id: item, previous_item_id: null });
    this.#later(this.#options.writesInMs(), () =>
      this.#line.send({
        type: "conversation.item.input_audio_transcription.completed",
        event_id: "e",
        item_id: item,
        content_index: 0,
        transcript: words.map((word) => `w${word}`).join(" "),
        usage: { type: "duration", seconds: 1 },
      }),
    );
    this.#later(thinkMs, () => (this.#current ? undefined : this.#answer(words)));
  }

  #answer(to: readonly number[]): void {
    this.#items += 1;
    const response: Response = {
      id: `resp_${this.#items}`,
      item: `item_${this.#items}`,
      left: answerTo(to),
      samples: 0,
    };
    this.#current = response;
    const of = { event_id: "e", response_id: response.id, item_id: response.item, output_index: 0, content_index: 0 };
    const each = this.#options.wordMs ?? 100;
    this.#line.send({ type: "response.created", event_id: "e", response: { id: response.id, status: "in_progress" } });
    const next = (): void => {
      if (this.#current !== response) return;
      const some = response.left.splice(0, Math.max(1, Math.round(chunkMs / each)));
      if (some.length === 0) return this.#done(response, "completed");
      const sound = speech(some.length * each, rateHz);
      this.#lengths.set(response.item, (this.#lengths.get(response.item) ?? 0) + some.length * each);
      this.#line.send({ type: "response.output_audio_transcript.delta", ...of, delta: `${some.join(" ")} ` });
      this.#line.send({
        type: "response.output_audio.delta",
        ...of,
        delta: Buffer.from(sound.buffer).toString("base64"),
      });
      this.#later(20, next);
    };
    next();
  }

  #done({ id }: Response, status: "completed" | "cancelled"): void {
    this.#current = undefined;
    const usage = { total_tokens: 15, input_tokens: 5, output_tokens: 10 };
    this.#line.send({ type: "response.done", event_id: "e", response: { id, status, usage } });
  }

  #later(ms: number, what: () => void): void {
    this.#options.clock.after(ms, () => (this.#isOver ? undefined : what()));
  }
}
