/**
 * The sample meeting: a recorded interview, streamed as a client would stream it, with its captions posted once they are
 * spoken. Who speaks, the gateway finds out.
 */
import { computed, signal } from "@preact/signals";
import { sampleAudioUrl, sampleScriptUrl } from "virtual:console-files";
import { type Capture, startCapture } from "../../index.ts";
import { baseUrl, gateway, withAccess } from "../api/gateway.ts";
import { plainWords } from "../api/plain-words.ts";
import { newSessionId, captureToken } from "./new-session.ts";
import { notify } from "./notices.ts";

/** Faster than it was spoken, and slow enough to watch. */
const speed = 3;
const blockMs = 250;
const rate = 16_000;
const wavHeadBytes = 44;

interface Script {
  readonly roster: { name: string }[];
  readonly turns: readonly { readonly start_ms: number; readonly end_ms: number; readonly text: string }[];
}

const running = signal<string | undefined>(undefined);
export const isSampleRunning = computed(() => running.value !== undefined);

/** Begins it. @returns its id, as soon as there is something to see. */
export async function startSample(): Promise<string> {
  const sessionId = newSessionId("sample");
  running.value = sessionId;
  try {
    const [audio, script] = await Promise.all([bytesOf(sampleAudioUrl), scriptOf(sampleScriptUrl)]);
    // Its captions are the script's: no model need hear it.
    const session = {
      session_id: sessionId,
      title: "Sample interview",
      roster: script.roster,
      captions: "off",
    } as const;
    await withAccess(() => gateway.createSession(session));
    const token = captureToken(sessionId);
    const capture = await startCapture({
      baseUrl,
      sessionId,
      format: { sampleRate: rate, channels: 1 },
      clientId: "roomtone-console",
      ...(token && { token }),
    });
    void play(capture, sessionId, new Int16Array(audio, wavHeadBytes), script);
    return sessionId;
  } catch (cause) {
    running.value = undefined;
    throw cause;
  }
}

async function play(capture: Capture, sessionId: string, samples: Int16Array, script: Script): Promise<void> {
  try {
    const perBlock = (rate * blockMs) / 1_000;
    const begun = performance.now();
    let posted = 0;
    for (let at = 0; at < samples.length; at += perBlock) {
      while (!(await capture.write(samples.subarray(at, at + perBlock)))) await capture.whenSpace();
      const spokenMs = ((at + perBlock) / rate) * 1_000;
      posted = await post(sessionId, script, posted, spokenMs);
      await until(begun + spokenMs / speed);
    }
    await capture.end();
    await post(sessionId, script, posted, Number.POSITIVE_INFINITY);
    await gateway.finalize(sessionId);
  } catch (cause) {
    notify("problem", `The sample stopped. ${plainWords(cause)}`);
  } finally {
    running.value = undefined;
    await capture.close();
  }
}

/** Posts the captions that are complete. @returns how many were posted in all. */
async function post(sessionId: string, { turns }: Script, from: number, spokenMs: number): Promise<number> {
  const complete = turns.filter(({ end_ms }) => end_ms <= spokenMs).length;
  if (complete === from) return from;
  const utterances = turns.slice(from, complete).map(({ start_ms, end_ms, text }, i) => ({
    utterance_id: `caption-${from + i + 1}`,
    start_ms,
    end_ms,
    text,
  }));
  await withAccess(() => gateway.addUtterances(sessionId, utterances));
  return complete;
}

function until(at: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, at - performance.now())));
}

async function bytesOf(url: string): Promise<ArrayBuffer> {
  return (await fetched(url)).arrayBuffer();
}

/** A file of this page's own build. */
async function scriptOf(url: string): Promise<Script> {
  return (await (await fetched(url)).json()) as Script;
}

async function fetched(url: string): Promise<Response> {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error("The sample could not be loaded.");
  return answer;
}
