/**
 * `npm run smoke`: streams seconds of audio to a gateway as a plain protocol client and checks every answer.
 * One JSON line on stdout says how it went; exit code 1 and a sentence on stderr when anything differs.
 */
import { randomBytes } from "node:crypto";
import { sampleRateHz } from "../schemas/wire/audio.ts";
import {
  chainHead,
  checkFinalize,
  checkResult,
  checkState,
  checkStatus,
  type SentMeeting,
} from "./smoke/check-result.ts";
import { sentenceOf } from "../schemas/lib/failure.ts";
import { fetchResult, fetchState, finalizeSession } from "./smoke/gateway-http.ts";
import { createProgress } from "../client/cli/progress.ts";
import { percentile } from "./cli/percentile.ts";
import { loadAudio } from "../client/testkit/sent-audio.ts";
import { parseSmokeOptions, type SmokeOptions } from "./smoke/smoke-options.ts";
import { streamMeeting } from "../client/testkit/stream-meeting.ts";

/** What the last line says, as far as the run came. */
const summary: Record<string, unknown> = { ok: false };
const progress = createProgress(process.stderr);

function exitWith(code: number): never {
  progress.clear();
  console.log(JSON.stringify(summary));
  process.exit(code);
}

process.on("SIGINT", () => {
  progress.clear();
  console.error("Interrupted; what was acked is kept.");
  summary["reason"] = "interrupted";
  exitWith(130);
});

try {
  const options = parseSmokeOptions(process.argv.slice(2), () => `smoke-${randomBytes(6).toString("hex")}`);
  if (!options) process.exit(0);
  await run(options);
  summary["ok"] = true;
} catch (cause) {
  const reason = sentenceOf(cause);
  progress.clear();
  console.error(reason);
  summary["reason"] = reason;
  exitWith(1);
}
exitWith(0);

async function run(options: SmokeOptions): Promise<void> {
  const { sessionId, track, encoding } = options;
  const audio = loadAudio(options.file, options.chunks);
  const total = audio.chunks.length;
  Object.assign(summary, { session_id: sessionId, track, encoding, chunks: total, seconds: audioSeconds(audio) });

  const startedAt = performance.now();
  const report = await streamMeeting({
    ...options,
    ...audio,
    clientId: "roomtone-smoke",
    onProgress: ({ acked, archivedSeq }) => {
      summary["acked"] = acked;
      progress.update(acked, total, `${acked} of ${total} s acked, ${archivedSeq} in R2`);
    },
  });
  Object.assign(summary, {
    acked: report.acked,
    duplicates: report.duplicates,
    padding_samples: audio.paddingSamples,
    ack_ms_p50: percentile(report.ackMs, 0.5),
    ack_ms_p99: percentile(report.ackMs, 0.99),
    wall_ms: Math.round(performance.now() - startedAt),
    finalized: false,
  });

  const sent: SentMeeting = { sessionId, track, ...audio, rejectedBefore: report.rejectedBefore };
  checkStatus("status", report.status, sent);
  checkState(await fetchState(options), sent);
  if (!options.finalize) return;
  const answer = await finalizeSession(options, { [track]: total });
  const result = await fetchResult(options);
  checkResult(result, sent);
  checkFinalize(answer, result, sent);
  Object.assign(summary, {
    finalized: true,
    coverage: result.coverage,
    result_key: answer.result_key,
    chain_head: chainHead(result.tenant, sent),
  });
}

function audioSeconds({ chunks, paddingSamples }: ReturnType<typeof loadAudio>): number {
  return chunks.length - paddingSamples / sampleRateHz;
}
