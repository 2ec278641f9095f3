/** How a conversation goes, in words. */
import type { TalkPhase } from "../../state/talk.ts";

export const phaseWords: Readonly<Record<TalkPhase | "opening", string>> = {
  opening: "Connecting…",
  resuming: "Connecting to the AI…",
  listening: "Your turn: the AI listens.",
  thinking: "The AI thinks…",
  speaking: "The AI speaks. Talk over it to interrupt.",
  interrupted: "You interrupted it: the AI listens.",
  closing: "The AI says goodbye.",
  ended: "The conversation is over.",
};
