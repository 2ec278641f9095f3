/** The sample, spoken on two tracks at a time without captions, then with `live` ones from chunks alone, then with live audio as well. */
import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import { setTimeout as sleep } from "node:timers/promises";
import { createResultsClient } from "../../../client/results/results-client.ts";
import { loadAudio } from "../../../client/testkit/sent-audio.ts";
import { percentile } from "../../cli/percentile.ts";
import type { CommandRun } from "../../cli/run-command.ts";
import { GatewayProcess } from "../../local/gateway-process.ts";
import { unlimited } from "../../local/unlimited.ts";
import { talk } from "./live-talk.ts";
import { type Caption, watchCaptions } from "./watch-captions.ts";

const sample = fileURLToPath(new URL("../../demo/sample/interview.wav", import.meta.url));
/** What makes a pause of a silence (SPEC Q7). */
const pauseMs = 600;
const tracks = ["mic", "desk"];
/** For the last finals. */
const afterMs = 10_000;

interface Heard {
  readonly ackMs: readonly number[];
  readonly partialMs: readonly number[];
  readonly finalMs: readonly number[];
}

export async function captionsBench(
  { seconds }: { readonly seconds: number },
  { print, atEnd }: CommandRun,
): Promise<void> {
  const gateway = new GatewayProcess({ env: { ...unlimited, STT_PER_MINUTE: "600", TTS_PER_MINUTE: "600" } });
  atEnd(() => gateway.dispose());
  await gateway.start();
  const pcm = Buffer.concat((await loadAudio(sample, undefined)).chunks.slice(0, seconds));
  await speechTimes(gateway, pcm, print);
  const [without, kept, live] = [
    await meeting(gateway, "off", pcm, false),
    await meeting(gateway, "live", pcm, false),
    await meeting(gateway, "live", pcm, true),
  ];
  for (const [name, { partialMs, finalMs }] of [
    ["from chunks alone", kept],
    ["with live audio", live],
  ] as const) {
    print(`captions ${name}, two tracks, ${partialMs.length} partials and ${finalMs.length} finals, s`);
    print(`  a partial after its last word      p50 ${s(partialMs, 0.5)}  p95 ${s(partialMs, 0.95)}`);
    print(`  a final after its pause            p50 ${s(finalMs, 0.5)}  p95 ${s(finalMs, 0.95)}`);
  }
  const ratio = (of: Heard, p: number): string => (percentile(of.ackMs, p) / percentile(without.ackMs, p)).toFixed(2);
  print(`acks p99 without captions            ${percentile(without.ackMs, 0.99).toFixed(1)} ms`);
  print(`  with live captions / without       p50 ${ratio(kept, 0.5)}  p99 ${ratio(kept, 0.99)}`);
  print(`  and with live audio / without      p50 ${ratio(live, 0.5)}  p99 ${ratio(live, 0.99)}`);
}

const s = (ms: readonly number[], p: number): string =>
  ms.length === 0 ? "–" : (percentile(ms, p) / 1_000).toFixed(2);

async function meeting(
  gateway: GatewayProcess,
  captions: "off" | "live",
  pcm: Uint8Array,
  hasLive: boolean,
): Promise<Heard> {
  const session = `bench-${randomBytes(6).toString("hex")}`;
  await createResultsClient({ baseUrl: gateway.url }).createSession({ session_id: session, captions });
  const watch = await watchCaptions(gateway.wsUrl, session);
  const startedAt = new Map<string, number>();
  const talked = await Promise.all(
    tracks.map((track) => talk(gateway.wsUrl, { session, track, pcm, hasLive }, (at) => startedAt.set(track, at))),
  );
  if (captions === "live") await sleep(afterMs);
  watch.close();
  const after = ({ at, utterance: { track, end_ms } }: Caption): number => at - (startedAt.get(track) ?? 0) - end_ms;
  return {
    ackMs: talked.flatMap(({ ackMs }) => ackMs),
    partialMs: watch.captions.filter(({ utterance }) => utterance.final === false).map(after),
    finalMs: beforePauses(firstFinals(watch.captions)).map((caption) => after(caption) - pauseMs),
  };
}

/** Without what came again once it was known who speaks (SPEC Q8). */
function firstFinals(captions: readonly Caption[]): Caption[] {
  const ends = new Map<string, number>();
  return captions.filter(({ utterance: { track, start_ms, end_ms, final, withdrawn } }) => {
    if (final !== true || withdrawn === true || start_ms < (ends.get(track) ?? 0)) return false;
    ends.set(track, end_ms);
    return true;
  });
}

/** Without those that another goes on from at once: where nobody pauses, a piece ends by its length. */
function beforePauses(finals: readonly Caption[]): Caption[] {
  return finals.filter(({ utterance: { track, end_ms } }) =>
    finals.every(
      ({ utterance: next }) => next.track !== track || next.start_ms < end_ms || next.start_ms >= end_ms + pauseMs,
    ),
  );
}

async function speechTimes({ url }: GatewayProcess, pcm: Uint8Array, print: (line: string) => void): Promise<void> {
  const hear = async (): Promise<number> => {
    const began = performance.now();
    const headers = { "content-type": "audio/L16; rate=16000" };
    const answer = await fetch(`${url}/v1/stt`, { method: "POST", headers, body: new Uint8Array(pcm) });
    if (!answer.ok) throw new Error(await answer.text());
    await answer.json();
    return performance.now() - began;
  };
  const speak = async (text: string): Promise<number> => {
    const began = performance.now();
    const headers = { "content-type": "application/json" };
    const answer = await fetch(`${url}/v1/tts`, { method: "POST", headers, body: JSON.stringify({ text }) });
    const reader = answer.body?.getReader();
    // The first part is the head of a file.
    for (let bytes = 0; bytes < 1_000;) {
      const part = await reader?.read();
      if (!part?.value) throw new Error(`no audio: ${answer.status}`);
      bytes += part.value.byteLength;
    }
    const took = performance.now() - began;
    await reader?.cancel();
    return took;
  };
  const [cold, warm] = [await hear(), await hear()];
  const seconds = pcm.byteLength / 32_000;
  const times = (ms: number): string =>
    `${(ms / 1_000).toFixed(1)} s, ${((seconds * 1_000) / ms).toFixed(1)} times real time`;
  print(`${seconds} s transcribed, the model loaded first    ${times(cold)}`);
  print(`${seconds} s transcribed                            ${times(warm)}`);
  const first = await speak("The meeting begins in a minute. Who is late may listen to it later.");
  const second = await speak("We have been working on streaming systems for six years. It is going well.");
  print(
    `first audio of speech                the model loaded first ${(first / 1_000).toFixed(2)} s, then ${(second / 1_000).toFixed(2)} s`,
  );
}
