/** A talk whose provider replaces its connection every ten seconds: no word is lost, and the person hears no cut. In any time. */
import type { Clock } from "../../../server/app/participant/clock.ts";
import { openGoogleTalk } from "../../../server/app/participant/models/google/talk.ts";
import type { OpenModelSocket } from "../../../server/app/participant/models/live-model.ts";
import { openOpenAiTalk } from "../../../server/app/participant/models/openai/talk.ts";
import { GeminiModel } from "./gemini-model.ts";
import { Interview } from "./interview.ts";
import { OpenAiModel } from "./openai-model.ts";
import { usualSetup } from "./play-interview.ts";
import { type Serve, withFaults } from "./served.ts";

export const everyMs = 10_000;
/** A person hears a shorter one as a breath. */
export const mostCutMs = 500;

export interface Replaced {
  readonly provider: "google" | "openai";
  readonly clock: Clock;
  readonly random: () => number;
  readonly minutes: number;
  /** Carries the server's messages. */
  readonly reach: (serve: Serve) => Promise<{ readonly baseUrl: string; readonly open: OpenModelSocket }>;
  readonly pass: (ms: number) => Promise<void>;
}

export interface ReplacedReport {
  readonly connections: number;
  readonly words: number;
  readonly longestCutMs: number;
  readonly violations: readonly string[];
}

export async function playReplacements({
  provider,
  clock,
  random,
  minutes,
  reach,
  pass,
}: Replaced): Promise<ReplacedReport> {
  const model =
    provider === "google"
      ? new GeminiModel({ clock, isExact: false, rateHz: 16_000 })
      : new OpenAiModel({ clock, writesInMs: () => 50 + random() * 300 });
  const leaves = [{ kind: "goes_away", afterMs: everyMs, leftMs: 3_000 }] as const;
  const { baseUrl, open } = await reach(withFaults(model.serve, clock, () => leaves));
  const service = { baseUrl, apiKey: "not-a-real-key", model: "m", open, connectTimeoutMs: 10_000, clock };
  const interview = new Interview({
    clock,
    openTalk: (handle, emit) =>
      (provider === "google" ? openGoogleTalk : openOpenAiTalk)(service, { ...usualSetup, handle }, emit),
    random,
    sentences: 1_000,
    bargeIn: 0,
  });
  await pass(minutes * 60_000);
  interview.finishSaying();
  await pass(12_000);
  interview.end("asked");
  await pass(1_000);
  const violations = interview.violations();
  interview.stop();
  if (interview.longestCutMs > mostCutMs) violations.push(`the person heard a cut of ${interview.longestCutMs} ms`);
  return {
    connections: model.reachedBy.length,
    words: interview.given.length,
    longestCutMs: interview.longestCutMs,
    violations,
  };
}
