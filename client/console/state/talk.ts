/** A talk with the model of this installation, by voice: one at a time, whichever view is looked at. Begun by a click, as browsers ask. */
import { signal } from "@preact/signals";
import { workletUrl } from "virtual:console-files";
import { type ConversationInPage, joinConversation } from "../../browser/index.ts";
import type { Utterance } from "../../index.ts";
import { baseUrl, gateway, withAccess } from "../api/gateway.ts";
import { plainWords } from "../api/plain-words.ts";
import { credential } from "./access.ts";
import { sourceWords } from "./capture-words.ts";
import { conversationToken, newSessionId } from "./new-session.ts";

export type TalkPhase = ConversationInPage["participant"]["phase"];

export interface Line {
  readonly id: string;
  readonly isModel: boolean;
  readonly text: string;
}

export const phase = signal<TalkPhase | "opening" | undefined>(undefined);
export const lines = signal<readonly Line[]>([]);
export const problem = signal<string | undefined>(undefined);
/** Of the meeting that it is kept as. */
export const talkSession = signal<string | undefined>(undefined);
let current: ConversationInPage | undefined;

/** Call it in a handler of a click. @param questions none: the model's own. */
export async function startTalk(questions: readonly string[]): Promise<void> {
  if (phase.value !== undefined && phase.value !== "ended") return;
  // A token is for a meeting of its own.
  const sessionId = credential.value?.sessionId ?? newSessionId("talk");
  phase.value = "opening";
  problem.value = undefined;
  lines.value = [];
  try {
    const conversation = await joinConversation({
      baseUrl,
      sessionId,
      workletUrl,
      ...tokenOf(sessionId),
      participant: questions.length > 0 ? { script: [...questions] } : {},
    });
    current = conversation;
    talkSession.value = sessionId;
    phase.value = conversation.participant.phase;
    conversation.on("changed", (now) => {
      phase.value = now.phase;
    });
    conversation.on("failed", ({ cause }) => {
      problem.value = plainWords(cause);
      phase.value = "ended";
    });
    void follow(sessionId);
  } catch (cause) {
    problem.value = sourceWords(cause, "mic");
    phase.value = undefined;
  }
}

/** It stops speaking, and listens. */
export function interruptTalk(): void {
  current?.interrupt();
}

export async function endTalk(): Promise<void> {
  try {
    await withAccess(async () => current?.end());
  } catch (cause) {
    problem.value = plainWords(cause);
  }
  phase.value = "ended";
}

function tokenOf(sessionId: string): { token?: () => Promise<string> } {
  const token = conversationToken(sessionId);
  return token ? { token } : {};
}

/** What both sides say, as it is kept. */
async function follow(sessionId: string): Promise<void> {
  const said = new Map<string, Line>();
  try {
    for await (const { utterance } of gateway.liveEvents(sessionId)) {
      if (utterance) said.set(`${utterance.track} ${utterance.utterance_id}`, lineOf(utterance));
      if (talkSession.value !== sessionId) return;
      if (utterance) lines.value = [...said.values()];
    }
  } catch (cause) {
    problem.value = plainWords(cause);
  }
}

function lineOf({ track, utterance_id, text, speaker }: Utterance): Line {
  return { id: `${track} ${utterance_id}`, isModel: speaker === "AI", text };
}
