/** One seeded conversation with faults on both sides, and what does not hold of it. */
import type { TalkEvent, Talk, TalkSetup } from "../../../server/app/participant/models/live-model.ts";
import { openGoogleTalk } from "../../../server/app/participant/models/google/talk.ts";
import { openOpenAiTalk } from "../../../server/app/participant/models/openai/talk.ts";
import { seededRandom } from "../../../client/testkit/fault-plan.ts";
import type { EndReason } from "../../../server/app/participant/turns/turn-types.ts";
import { GeminiModel } from "./gemini-model.ts";
import { Interview } from "./interview.ts";
import { OpenAiModel } from "./openai-model.ts";
import { inProcess, type LineFault, withFaults } from "./served.ts";
import { SimClock } from "./sim-clock.ts";

export interface Played {
  readonly seed: number;
  readonly model: string;
  readonly connections: number;
  readonly words: number;
  readonly utterances: number;
  readonly ended: EndReason | undefined;
  readonly violations: readonly string[];
}

export const usualSetup: Omit<TalkSetup, "handle"> = {
  instructions: "Ask.",
  voice: undefined,
  language: undefined,
  greeting: "Hello.",
  script: undefined,
};

const connectTimeoutMs = 10_000;
const key = "not-a-real-key";

/** @param random picks what goes wrong with one connection. */
export function faultsFrom(random: () => number, faultsLeft: { count: number }): LineFault[] {
  if (faultsLeft.count <= 0) return [];
  const faults: LineFault[] = [];
  const within = (low: number, high: number): number => Math.round(low + random() * (high - low));
  if (random() < 0.3) faults.push({ kind: "delays", byMs: within(5, 400) });
  if (random() < 0.2) faults.push({ kind: "garbage", everyMs: within(200, 3_000) });
  const pick = random();
  faultsLeft.count -= 1;
  if (pick < 0.1) return [{ kind: "refuses" }];
  if (pick < 0.17) return [{ kind: "silent" }];
  if (pick < 0.25) return [...faults, { kind: "half_open", afterMs: within(500, 15_000) }];
  if (pick < 0.45) return [...faults, { kind: "drops", afterMs: within(0, 15_000) }];
  if (pick < 0.6) return [...faults, { kind: "closes", afterMs: within(0, 15_000), code: pick < 0.52 ? 1_008 : 1_011 }];
  if (pick < 0.85) return [...faults, { kind: "goes_away", afterMs: within(500, 15_000), leftMs: within(200, 6_000) }];
  return faults;
}

export async function playInterview(seed: number): Promise<Played> {
  const random = seededRandom(seed);
  const clock = new SimClock();
  const latencyMs = (): number => 2 + random() * 60;
  const isGoogle = random() < 0.65;
  const gemini = new GeminiModel({ clock, isExact: random() < 0.5, rateHz: random() < 0.2 ? 24_000 : 16_000 });
  const openAi = new OpenAiModel({ clock, writesInMs: () => 50 + random() * 600 });
  const model = isGoogle ? gemini : openAi;
  const faultsLeft = { count: 2 + Math.floor(random() * 8) };
  const served = inProcess(
    withFaults(model.serve, clock, () => faultsFrom(random, faultsLeft)),
    clock,
    latencyMs,
  );
  const service = { baseUrl: "http://model.test", apiKey: key, model: "m", open: served.open, connectTimeoutMs, clock };
  const openTalk = (handle: string | undefined, emit: (event: TalkEvent) => void): Talk =>
    (isGoogle ? openGoogleTalk : openOpenAiTalk)(service, { ...usualSetup, handle }, emit);
  const interview = new Interview({
    clock,
    openTalk,
    random,
    sentences: 3 + Math.floor(random() * 5),
    bargeIn: 0.03,
    maxMinutes: 6,
  });
  const deaths = random() < 0.4 ? 1 + Math.floor(random() * 2) : 0;
  for (let n = 0; n < deaths; n += 1) clock.after(3_000 + random() * 60_000, () => interview.die());
  if (random() < 0.5) clock.after(3_000 + random() * 30_000, () => interview.losePerson(500 + random() * 2_500));
  // It ends by itself at the latest with its time.
  await clock.pass(400_000, () => interview.ended !== undefined || interview.isSaid);
  if (interview.ended === undefined) interview.end(random() < 0.5 ? "asked" : "deleted");
  await clock.pass(120_000);
  const violations = interview.violations();
  if (served.count() > 0) violations.push(`${served.count()} connections are open`);
  interview.stop();
  if (clock.pending > 0) violations.push(`${clock.pending} timers are left`);
  if (model.reachedBy.some(({ url }) => url.includes(key))) violations.push("the key is in an address");
  if (!isGoogle) violations.push(...openAi.refused.map((why) => `it refused: ${why}`));
  return {
    seed,
    model: isGoogle ? "google" : "openai",
    connections: model.reachedBy.length,
    words: interview.given.length,
    utterances: interview.recorded.size,
    ended: interview.ended,
    violations,
  };
}

/** One without faults, whose greeting is long. */
export function quietInterview(provider: "google" | "openai") {
  const clock = new SimClock();
  const random = seededRandom(11);
  const gemini = new GeminiModel({ clock, isExact: true, rateHz: 16_000, wordMs: 600 });
  const openAi = new OpenAiModel({ clock, writesInMs: () => 100, wordMs: 600 });
  const isGoogle = provider === "google";
  const served = inProcess((isGoogle ? gemini : openAi).serve, clock, () => 20);
  const service = { baseUrl: "http://model.test", apiKey: key, model: "m", open: served.open, connectTimeoutMs, clock };
  const openTalk = (handle: string | undefined, emit: (event: TalkEvent) => void): Talk =>
    (isGoogle ? openGoogleTalk : openOpenAiTalk)(service, { ...usualSetup, handle }, emit);
  const interview = new Interview({ clock, openTalk, random, sentences: 2, bargeIn: 0 });
  const stop = (): readonly string[] => {
    interview.stop();
    return openAi.refused;
  };
  return { clock, interview, stop };
}
