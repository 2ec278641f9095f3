/** Stretches in which people were to be heard, and how they grow. Pure. */
import type { Spoken, TurnInput, Voice } from "./turn-types.ts";

const maxVoices = 32;

/** Voice and words of one sound are known to be so far apart at most. */
const slackMs = 300;

interface Parted {
  readonly mine: readonly Voice[];
  readonly rest: readonly Voice[];
}

export function firstVoices(voices: readonly Voice[], count: number): Parted {
  return { mine: voices.slice(0, count), rest: voices.slice(count) };
}

/** What the person said before the model was asked; the oldest stretch at least. */
export function answeredVoices(voices: readonly Voice[]): Parted {
  const open = voices.findIndex(({ isOver }) => !isOver);
  return firstVoices(voices, Math.max(1, open < 0 ? voices.length : open));
}

/** What was spoken in that time, and before: words come in the order in which they were spoken. */
export function voicesIn(voices: readonly Voice[], { from, until }: Spoken): Parted {
  const begun = voices.filter(({ at }) => at < until);
  const ends = begun.map((voice) => Math.min(voice.endMs, voice.startMs + until - voice.at));
  const mine = begun.flatMap((voice, index): Voice[] => {
    const skipped = Math.max(0, Math.min(from - voice.at, voice.endMs - voice.startMs));
    if (spokenUntil(voice) < from - slackMs) return [];
    return [{ ...voice, startMs: voice.startMs + skipped, at: voice.at + skipped, endMs: ends[index] ?? voice.endMs }];
  });
  const rest = voices.flatMap((voice): Voice[] => {
    if (voice.at >= until) return [voice];
    const left = spokenUntil(voice) - until;
    return left > slackMs ? [{ ...voice, startMs: voice.endMs - left, at: until }] : [];
  });
  return { mine, rest };
}

/** When it ended, ms since 1970. */
export function spokenUntil({ at, startMs, endMs }: Voice): number {
  return at + endMs - startMs;
}

export function overBefore(voices: readonly Voice[], then: number): Voice[] {
  return voices.map((voice) => (spokenUntil(voice) <= then ? { ...voice, isOver: true } : voice));
}

export function allOver(voices: readonly Voice[]): Voice[] {
  return voices.map((voice) => ({ ...voice, isOver: true }));
}

/** Voice that goes on after a pause is another stretch. */
const pauseMs = 700;

/** @param isNoise whether the last stretch was no word, so that another takes its place. */
export function withVoice(
  voices: readonly Voice[],
  { track, startMs, endMs }: Omit<Extract<TurnInput, { type: "voice" }>, "type">,
  now: number,
  isNoise: (last: Voice) => boolean,
): Voice[] {
  const last = voices.at(-1);
  const began: Voice = { track, startMs, endMs, at: now - (endMs - startMs), isOver: false };
  if (!last || last.isOver || last.track !== track) return [...voices, began].slice(-maxVoices);
  const before = voices.slice(0, -1);
  if (startMs - last.endMs <= pauseMs) return [...before, { ...last, endMs: Math.max(last.endMs, endMs) }];
  return [...(isNoise(last) ? before : voices), began].slice(-maxVoices);
}
