/**
 * What a connection is told of the talk so far, since a session of this provider ends with its connection: who said what, in order, of
 * the model's words those alone that were heard. Bounded. Pure, and text, so that another object can go on with it.
 */
import * as z from "zod";
import { parseJson } from "../../../../../schemas/lib/parse-json.ts";
import { beginningOf } from "../../../../../schemas/cut-text.ts";

const maxEntries = 60;
const maxChars = 2_000;

const keptSchema = z.array(z.object({ role: z.enum(["user", "assistant"]), text: z.string(), isWhole: z.boolean() }));

interface Entry {
  readonly role: "user" | "assistant";
  /** Of a person: the provider's item, whose words come later. */
  readonly item: string | undefined;
  /** Of the model. */
  readonly turn: number | undefined;
  text: string | undefined;
  /** Of the model: nothing more of it comes, or it was cut off by the person. */
  isWhole: boolean;
}

export class TalkMemory {
  #entries: Entry[] = [];

  /** @param kept as `toText` gave it; anything else is no memory. */
  constructor(kept: string | undefined) {
    if (kept === undefined) return;
    try {
      const read = keptSchema.safeParse(parseJson(kept)).data ?? [];
      this.#entries = read.map((entry) => ({ ...entry, item: undefined, turn: undefined }));
    } catch {
      this.#entries = [];
    }
  }

  get isEmpty(): boolean {
    return this.#entries.length === 0;
  }

  /** Whether the person waits: their last words have no answer, or one that broke off. */
  get needsAnswer(): boolean {
    const last = this.#known.at(-1);
    return last !== undefined && (last.role === "user" || !last.isWhole);
  }

  get known(): { readonly role: "user" | "assistant"; readonly text: string }[] {
    return this.#known.map(({ role, text }) => ({ role, text }));
  }

  /** Somebody said something; what, is told later. */
  addPerson(item: string): void {
    if (this.#entries.some((entry) => entry.item === item)) return;
    this.#add({ role: "user", item, turn: undefined, text: undefined, isWhole: true });
  }

  setWords(item: string, text: string): void {
    const entry = this.#entries.find((each) => each.item === item);
    if (entry) entry.text = beginningOf(text.trim(), maxChars);
  }

  say(turn: number, text: string): void {
    const entry = this.#entries.find((each) => each.turn === turn);
    if (entry) entry.text = beginningOf(`${entry.text ?? ""}${text}`, maxChars);
    else this.#add({ role: "assistant", item: undefined, turn, text, isWhole: false });
  }

  complete(turn: number): void {
    const entry = this.#entries.find((each) => each.turn === turn);
    if (entry) entry.isWhole = true;
  }

  /** The person cut it off. @param share of its words that was heard. */
  cut(turn: number, share: number): void {
    const entry = this.#entries.find((each) => each.turn === turn);
    if (!entry) return;
    const words = (entry.text ?? "").trim().split(/\s+/);
    entry.text = words.slice(0, Math.floor(words.length * share)).join(" ");
    entry.isWhole = true;
  }

  /** Words that nobody will be told: their connection is gone. */
  forgetWordless(): void {
    this.#entries = this.#entries.filter(({ text }) => text !== undefined);
  }

  toText(): string {
    return JSON.stringify(this.#known.map(({ role, text, isWhole }) => ({ role, text, isWhole })));
  }

  get #known(): (Entry & { readonly text: string })[] {
    return this.#entries.flatMap((entry) => (entry.text ? [{ ...entry, text: entry.text }] : []));
  }

  #add(entry: Entry): void {
    this.#entries = [...this.#entries, entry].slice(-maxEntries);
  }
}
