/**
 * What the demo shows against a running gateway, from the first second streamed to what to try next. Checks
 * all that the smoke harness checks, and the stored objects besides.
 */
import { randomBytes } from "node:crypto";
import { relative } from "node:path";
import { chunkBytes, chunkSamples } from "../../schemas/wire/audio.ts";
import type { TranscriptEntry } from "../../schemas/http/result.ts";
import type { RoomEvent } from "../../schemas/speech/events.ts";
import { jsonSubprotocol } from "../../schemas/wire/messages.ts";
import { defaultTrack } from "../../schemas/names.ts";
import { timelineOf } from "../../schemas/speech/timeline.ts";
import { chainHead, checkFinalize, checkResult, checkStatus, type SentMeeting } from "../smoke/check-result.ts";
import { createResultsClient } from "../../client/results/results-client.ts";
import { checkStored } from "../smoke/check-stored.ts";
import { DemoSpeakers } from "./demo-speakers.ts";
import { fetchResult, finalizeSession } from "../smoke/gateway-http.ts";
import { readLocalBucket } from "../local/local-bucket.ts";
import { clockOf } from "./live-turns.ts";
import { readMeetingTruth } from "./meeting-truth.ts";
import type { Progress } from "../../client/cli/progress.ts";
import { loadAudio, secondsOf } from "../../client/testkit/sent-audio.ts";
import { streamTrack } from "../../client/testkit/track-stream.ts";

export interface DemoRun {
  /** The gateway's address, without a slash at the end. */
  readonly url: string;
  readonly stateDir: string;
  readonly speed: number;
  /** The WAV file. */
  readonly sample: string;
  /** Whether the gateway goes on serving after it. */
  readonly serves: boolean;
  readonly progress: Progress;
  readonly print: (line: string) => void;
}

const track = defaultTrack;

/** @throws Failure when anything differs from what was streamed. */
export async function runDemo(run: DemoRun): Promise<void> {
  const truth = readMeetingTruth(run.sample.replace(/\.wav$/, ".json"));
  const sessionId = `demo-${randomBytes(4).toString("hex")}`;
  const client = createResultsClient({ baseUrl: run.url });
  const speakers = new DemoSpeakers(client, sessionId, truth, (line) => {
    run.progress.clear();
    run.print(line);
  });
  try {
    await stream(run, sessionId, speakers);
  } finally {
    speakers.stop();
  }
}

async function stream(
  { url, stateDir, speed, sample, serves, progress, print }: DemoRun,
  sessionId: string,
  speakers: DemoSpeakers,
): Promise<void> {
  const { chunks, paddingSamples } = await loadAudio(sample, undefined);
  const target = { baseHttp: new URL(`${url}/`), sessionId };
  const baseWs = new URL(`${url.replace(/^http/, "ws")}/`);
  print(`Gateway at ${url}`);
  print(`Streaming ${relative(".", sample)}, ${chunks.length} s, at ${speed}× real time to session ${sessionId}.`);
  print("Who speaks, as the models that come with the gateway hear it:\n");
  await speakers.open();
  let archivedSeq = 0;
  const report = await streamTrack({
    baseWs,
    sessionId,
    track,
    encoding: "msgpack",
    ...secondsOf({ chunks, paddingSamples }),
    realtimeFactor: speed,
    clientId: "roomtone-demo",
    onStatus: (status) => {
      archivedSeq = status.archived_seq;
    },
    onAck: ({ acked }) => {
      progress.update(acked, chunks.length, `${acked} of ${chunks.length} s kept and acked, ${archivedSeq} in R2`);
    },
  });
  progress.clear();
  const sent: SentMeeting = { sessionId, track, chunks, paddingSamples, rejectedBefore: report.rejectedBefore };
  checkStatus("status", report.status, sent);
  progress.update(chunks.length, chunks.length, "all of it kept; what is said is being heard");
  await speakers.said();
  progress.clear();

  const answer = await finalizeSession(target, { [track]: chunks.length });
  await speakers.end();
  const result = await fetchResult(target);
  checkResult(result, sent);
  checkFinalize(answer, result, sent);
  const prefix = result.audio.find((audio) => audio.track === track)?.key_prefix ?? "";
  checkStored(await readLocalBucket(stateDir, prefix), prefix, chunks);

  print(`
What was said
${transcriptLines(result.transcript)}

Who spoke
${talkTimes(result.events)}

Kept
  session      ${sessionId}
  audio        ${chunks.length} chunks, ${grouped(chunks.length * chunkBytes)} bytes, under ${prefix}
  coverage     ${result.coverage * 100} %
  chain head   ${chainHead(result.tenant, sent)}
  result       ${answer.result_key}
  on disk      ${stateDir}

Checked
  The ${chunks.length} objects in R2, one after the other, are the ${grouped(chunks.length * chunkSamples - paddingSamples)} samples of the WAV and its padding, byte for byte.
  last second: ${paddingSamples} of ${chunkSamples} samples are padding

Try next${serves ? "" : ", after npm start"}
  curl ${url}/v1/sessions/${sessionId}/state
  curl ${url}/v1/sessions/${sessionId}/transcript.txt
  curl ${url}/v1/sessions/${sessionId}/result
  npx roomtone speakers review ${sessionId} --url ${url}    (listens to all of it again: who spoke when is better known afterwards)
  curl -N -H 'accept: text/event-stream' ${url}/v1/sessions/${sessionId}/events
  npm run smoke -- --base-http ${url} --chunks 60 --encoding msgpack --finalize
  WebSocket: ${baseWs.href}v1/audio/ws/my-meeting, subprotocol ${jsonSubprotocol}; messages in schemas/SPEC.md`);
}

/** What one says without a break is one paragraph. */
function transcriptLines(transcript: readonly TranscriptEntry[]): string {
  const paragraphs: { start_ms: number; name: string; texts: string[] }[] = [];
  for (const { start_ms, text, speaker_name, cluster_id } of transcript) {
    const name = speaker_name ?? cluster_id ?? "somebody";
    const last = paragraphs.at(-1);
    if (last?.name === name) last.texts.push(text);
    else paragraphs.push({ start_ms, name, texts: [text] });
  }
  return paragraphs
    .map(({ start_ms, name, texts }) => `  ${clockOf(start_ms)}  ${`${name}:`.padEnd(8)} ${texts.join(" ")}`)
    .join("\n");
}

function talkTimes(events: readonly RoomEvent[]): string {
  const bySpeaker = Map.groupBy(timelineOf(events), (turn) => turn.speaker_name ?? turn.cluster_id);
  return [...bySpeaker]
    .map(([name, turns]) => {
      const seconds = turns.reduce((sum, turn) => sum + turn.end_ms - turn.start_ms, 0) / 1_000;
      return `  ${name.padEnd(12)} ${turns.length} turns, ${seconds.toFixed(1)} s`;
    })
    .join("\n");
}

function grouped(value: number): string {
  return value.toLocaleString("en-US");
}
