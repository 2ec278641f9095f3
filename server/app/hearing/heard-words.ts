/** What a model hears, and what of it is said on the track's timeline. */
import { beginningOf } from "../../../schemas/cut-text.ts";
import { err, ok, type Result } from "../../../schemas/lib/result.ts";
import { limits } from "../../../schemas/limits.ts";
import type { HeardStretch } from "../../../schemas/speech/utterances.ts";
import type { Part } from "./speaker-parts.ts";
import { spreadWords } from "./spread-words.ts";

/** What a model hears in a piece, by its own times. */
export interface Words {
  /** As `provider/model`; unused where there are no segments. */
  readonly model: string;
  readonly segments: readonly { readonly start_ms: number; readonly end_ms: number; readonly text: string }[];
}

/** @param signal once it aborts something else is to be heard first. */
export type Hear<Fault> = (speech: Uint8Array<ArrayBuffer>, signal?: AbortSignal) => Promise<Result<Words, Fault>>;

/** Whether a hearing came to its end, whatever else was wanted meanwhile. */
export const isHeard = ({ ok: isWhole }: Result<Words, unknown>): boolean => isWhole;

/** Who says that nothing was said. */
export const noModel = "none/none";

/** Models of these cost nothing but work: what is said in the parts of a piece is heard in the whole of it as well. */
const costsNothing = /^embedded\//;

/** What was said in a piece, before it was known that several speak in it. */
export interface HeardWhole {
  readonly model: string;
  readonly text: string;
}

/**
 * Has the parts of a piece heard, one after the other; each then has those words of the whole that were said in it (`spreadWords`).
 * @param begunMs where one of them was said to begin before: it keeps that.
 * @param whole as the piece was heard before; else it is heard by a model that costs nothing, or not at all.
 * @returns what is said in them: of each one utterance, or none.
 */
export async function hearParts<Fault>(
  hear: Hear<Fault>,
  parts: readonly Part[],
  begunMs: number | null,
  whole?: HeardWhole,
): Promise<Result<Pick<HeardStretch, "model" | "segments">, Fault>> {
  const segments: HeardStretch["segments"] = [];
  let model = noModel;
  for (const part of parts) {
    const heard = await hear(part.speech);
    if (!heard.ok) return err(heard.error);
    const said = utteranceOf(heard.value.segments, part);
    if (!said) continue;
    ({ model } = heard.value);
    segments.push(said);
  }
  if (segments.length > 1) {
    const heard = whole ? ok(whole) : await hearWhole(hear, parts, model);
    if (!heard.ok) return heard;
    if (heard.value?.model === model) {
      const texts = segments.map(({ text }) => text);
      for (const [n, text] of spreadWords(heard.value.text, texts).entries()) {
        const segment = segments[n];
        if (segment) segments[n] = { ...segment, text: beginningOf(text, limits.maxUtteranceChars) };
      }
    }
  }
  return ok({ model, segments: begunMs === null ? segments : beginAt(segments, begunMs) });
}

async function hearWhole<Fault>(
  hear: Hear<Fault>,
  parts: readonly Part[],
  model: string,
): Promise<Result<HeardWhole | undefined, Fault>> {
  if (!costsNothing.test(model)) return ok(undefined);
  const speech = new Uint8Array(parts.reduce((sum, part) => sum + part.speech.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    speech.set(part.speech, at);
    at += part.speech.byteLength;
  }
  const heard = await hear(speech);
  return heard.ok ? ok({ model: heard.value.model, text: textOf(heard.value.segments) }) : heard;
}

/** Asks a model once for the same audio, where it is asked for again soon. */
export class HeardOnce<Fault> {
  readonly #hear: Hear<Fault>;
  readonly #maxBytes: number;
  /** In the order in which it was heard. */
  #last: readonly { readonly speech: Uint8Array; readonly words: Words }[] = [];

  /** @param maxBytes of audio whose words are remembered; those of what was heard last are in any case. */
  constructor(hear: Hear<Fault>, maxBytes = 0) {
    this.#hear = hear;
    this.#maxBytes = maxBytes;
  }

  /** What was heard in the same audio, if it is remembered. */
  known(speech: Uint8Array): Words | undefined {
    return this.#last.find((one) => isSameSpeech(one.speech, speech))?.words;
  }

  readonly hear: Hear<Fault> = async (speech, signal) => {
    const known = this.known(speech);
    if (known) return ok(known);
    const heard = await this.#hear(speech, signal);
    if (heard.ok) this.#remember(speech, heard.value);
    return heard;
  };

  #remember(speech: Uint8Array, words: Words): void {
    let bytes = speech.byteLength;
    const before = this.#last.findLastIndex((one) => (bytes += one.speech.byteLength) > this.#maxBytes);
    this.#last = [...this.#last.slice(before + 1), { speech, words }];
  }
}

export function isSameSpeech(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && a.every((byte, n) => byte === b[n]);
}

type Segments = HeardStretch["segments"];

/** The first that ends behind a place begins there. */
function beginAt(segments: Segments, ms: number): Segments {
  const next = segments.findIndex(({ end_ms }) => end_ms > ms);
  // Of the one before it nothing is left out: it is not there.
  return segments.map((segment, n) =>
    n === next && (n === 0 || segment.start_ms <= ms) ? { ...segment, start_ms: ms } : segment,
  );
}

/** What one says in a part, on the track's timeline: all of it is one utterance. */
function utteranceOf(heard: Words["segments"], { startMs, endMs }: Part): HeardStretch["segments"][number] | undefined {
  const said = heard.filter(({ text }) => text.trim() !== "");
  const text = textOf(said);
  if (text === "") return undefined;
  const from = Math.min(...said.map(({ start_ms }) => Math.round(start_ms) + startMs));
  const to = Math.max(...said.map(({ end_ms }) => Math.round(end_ms) + startMs));
  const start_ms = Math.max(startMs, Math.min(from, endMs - 1));
  return {
    start_ms,
    end_ms: Math.max(start_ms, Math.min(to, endMs)),
    text: beginningOf(text, limits.maxUtteranceChars),
  };
}

function textOf(segments: Words["segments"]): string {
  return segments
    .map(({ text }) => text.trim())
    .filter((text) => text !== "")
    .join(" ");
}
