/** A run of `npm run smoke`: seconds of audio to a gateway, as a plain protocol client, and every answer checked. */
import { plainJson } from "../../schemas/plain-json.ts";
import { sampleRateHz } from "../../schemas/wire/audio.ts";
import { sentenceOf } from "../../schemas/lib/failure.ts";
import { loadAudio, secondsOf } from "../../client/testkit/sent-audio.ts";
import { streamTrack } from "../../client/testkit/track-stream.ts";
import { percentile } from "../cli/percentile.ts";
import type { CommandRun } from "../cli/run-command.ts";
import { chainHead, checkFinalize, checkResult, checkState, checkStatus, type SentMeeting } from "./check-result.ts";
import { fetchResult, fetchState, finalizeSession } from "./gateway-http.ts";
import type { SmokeOptions } from "./smoke-command.ts";

/** The last line on stdout, whatever happens, is JSON: what was done, as far as the run came. @throws Failure */
export async function runSmoke(options: SmokeOptions, run: CommandRun): Promise<void> {
  const summary: Record<string, unknown> = { ok: false };
  run.atEnd(() => {
    if (run.signal.aborted) {
      console.error("Interrupted; what was acked is kept.");
      summary["reason"] = "interrupted";
    }
    console.log(plainJson(summary));
  });
  try {
    await stream(options, run, summary);
    summary["ok"] = true;
  } catch (cause) {
    summary["reason"] = sentenceOf(cause);
    throw cause;
  }
}

async function stream(options: SmokeOptions, run: CommandRun, summary: Record<string, unknown>): Promise<void> {
  const { sessionId, track, encoding } = options;
  const audio = await loadAudio(options.file, options.chunks);
  const total = audio.chunks.length;
  const seconds = total - audio.paddingSamples / sampleRateHz;
  Object.assign(summary, { session_id: sessionId, track, encoding, chunks: total, seconds });

  const startedAt = performance.now();
  const ackMs: number[] = [];
  let archivedSeq = 0;
  const report = await streamTrack({
    ...options,
    ...secondsOf(audio),
    realtimeFactor: options.realtime,
    clientId: "roomtone-smoke",
    onStatus: (status) => {
      archivedSeq = status.archived_seq;
    },
    onAck: (ack) => {
      ackMs.push(ack.ackMs);
      summary["acked"] = ack.acked;
      run.progress.update(ack.acked, total, `${ack.acked} of ${total} s acked, ${archivedSeq} in R2`);
    },
  });
  Object.assign(summary, {
    acked: report.acked,
    duplicates: report.duplicates,
    padding_samples: audio.paddingSamples,
    ack_ms_p50: percentile(ackMs, 0.5),
    ack_ms_p99: percentile(ackMs, 0.99),
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
