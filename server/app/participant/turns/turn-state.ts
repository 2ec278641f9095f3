/** A conversation's state at its beginning, and what can be read off it. Pure. */
import { sampleRateHz } from "../../../../schemas/wire/audio.ts";
import { turnTimes } from "./turn-times.ts";
import type { AiTurn, Phase, TurnEffect, TurnState, Voice } from "./turn-types.ts";
import { spokenUntil } from "./voices.ts";

const samplesPerMs = sampleRateHz / 1_000;

export interface TurnStep {
  readonly state: TurnState;
  readonly effects: readonly TurnEffect[];
}

export function beginTurns(now: number, maxMs: number): TurnStep {
  const state: TurnState = {
    isConnected: false,
    failures: 0,
    turns: [],
    lastTurn: 0,
    voices: [],
    heard: "",
    isAsked: false,
    wasInterrupted: false,
    nextId: 1,
    endsAt: now + maxMs,
    aloneSince: now,
    closing: undefined,
    ended: undefined,
  };
  return { state, effects: [{ type: "connect", afterMs: 0 }] };
}

export function phaseOf({ ended, closing, turns, isConnected, wasInterrupted, isAsked }: TurnState): Phase {
  if (ended !== undefined) return "ended";
  if (closing) return "closing";
  if (turns.some(({ received, played }) => received > played)) return "speaking";
  if (!isConnected) return "resuming";
  if (wasInterrupted) return "interrupted";
  return isAsked ? "thinking" : "listening";
}

/** A turn of the model of which nothing came yet. */
export function newTurn(turn: number): AiTurn {
  return { turn, text: "", received: 0, played: 0, startMs: 0, endMs: 0, at: 0, isComplete: false };
}

/** Turns of which so many samples more were heard, beginning at a place of the participant's own track. @param now ms since 1970. */
export function playedTurns(
  turns: readonly AiTurn[],
  { atMs, samples, now }: { readonly atMs: number; readonly samples: number; readonly now: number },
): AiTurn[] {
  let left = samples;
  return turns.map((turn) => {
    const more = Math.min(left, turn.received - turn.played);
    if (more <= 0) return turn;
    const startMs = atMs + (samples - left) / samplesPerMs;
    left -= more;
    const begins = turn.played === 0 ? { startMs: Math.round(startMs), at: now } : {};
    return { ...turn, ...begins, played: turn.played + more, endMs: Math.round(startMs + more / samplesPerMs) };
  });
}

/** Whole words, as many as the part of the sound that was played: what nobody heard was not said. */
export function textPlayed({ text, played, received }: AiTurn): string {
  if (played >= received) return text;
  const words = text.trim().split(/\s+/);
  return words.slice(0, Math.floor((words.length * played) / received)).join(" ");
}

/** How long a model that is there could have written a stretch's words down, and did not. */
export function waitedMs({ modelAt = 0, connectedAt = 0 }: TurnState, voice: Voice): number {
  return modelAt - Math.max(spokenUntil(voice), connectedAt);
}

/** By the model's signs of life, not by the clock: one that is gone writes down what was said to it over its next connection. */
export function stillWaits(state: TurnState, voice: Voice): boolean {
  return !voice.isOver || waitedMs(state, voice) < turnTimes.lateWordsMs;
}
