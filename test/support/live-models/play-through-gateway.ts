/**
 * Conversations through a whole gateway, over real sockets: people whose network fails, models whose connections fail, a backend that fails
 * once it has stored a transcript, and a gateway that is killed. What must hold of each, and of all together at the end.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { FaultProxy } from "../../../client/testkit/fault-proxy.ts";
import { seededRandom } from "../../../client/testkit/fault-plan.ts";
import { until } from "../../../client/testkit/until.ts";
import { eventsPageSchema } from "../../../schemas/http/events.ts";
import { type Participant, participantSchema } from "../../../schemas/http/participant.ts";
import { sessionStateSchema } from "../../../schemas/http/sessions.ts";
import type { Utterance } from "../../../schemas/speech/utterances.ts";
import { GatewayProcess } from "../../../scripts/local/gateway-process.ts";
import { unlimited } from "../../../scripts/local/unlimited.ts";
import { machineClock } from "../../../server/app/participant/clock.ts";
import { newSession, send } from "../gateway-http.ts";
import { type InterviewBackend, startInterviewBackend } from "../interview-backend.ts";
import { lostSeconds } from "../lost-seconds.ts";
import { Person } from "../person.ts";
import { GeminiModel } from "./gemini-model.ts";
import { OpenAiModel } from "./openai-model.ts";
import { faultsFrom } from "./play-interview.ts";
import { overWs, type ServedOverWs, withFaults } from "./served.ts";
import { soundOf } from "./spoken-words.ts";

const secret = "not-a-real-secret";
const key = "not-a-real-key";
/** On a busy machine a local workerd may leave a socket alone for half a minute. */
const patienceMs = 120_000;
const badNetwork = { drop: 0.004, cut: 0.002, delay: 0.02, lose: 0.01, half_open: 0.001, stall: 0.005 };

export interface TalkThrough {
  readonly seed: number;
  readonly model: "google" | "openai";
  readonly words: number;
  readonly utterances: number;
  readonly violations: readonly string[];
}

interface World {
  readonly gateway: GatewayProcess;
  readonly backend: InterviewBackend;
  readonly models: { readonly google: GeminiModel; readonly openai: OpenAiModel };
  readonly served: readonly ServedOverWs[];
  /** To the gateway, with a bad network and with a good one. */
  readonly bad: FaultProxy;
  readonly good: FaultProxy;
}

export class GatewayTalks {
  readonly #world: World;

  static async start(seed: number): Promise<GatewayTalks> {
    const random = seededRandom(seed);
    const clock = machineClock;
    const google = new GeminiModel({ clock, isExact: seed % 2 === 0, rateHz: 24_000 });
    const openai = new OpenAiModel({ clock, writesInMs: () => 50 + random() * 600 });
    const faultsOf = () => (random() < 0.7 ? faultsFrom(random, { count: 1 }) : []);
    const served = [
      await overWs(withFaults(google.serve, clock, faultsOf)),
      await overWs(withFaults(openai.serve, clock, faultsOf)),
    ] as const;
    const backend = await startInterviewBackend(secret, () => (random() < 0.4 ? "fails" : undefined));
    const gateway = new GatewayProcess({
      env: {
        ...unlimited,
        CAPTIONS: "off",
        LIVE_MODEL: "google/test,openai/test",
        GOOGLE_BASE_URL: served[0].baseUrl,
        GOOGLE_API_KEY: key,
        OPENAI_BASE_URL: `${served[1].baseUrl}/v1`,
        OPENAI_API_KEY: key,
        TRANSCRIPT_URL: backend.url,
        WORKER_SHARED_SECRET: secret,
      },
    });
    await gateway.start();
    const bad = await FaultProxy.start({ target: gateway.url, seed, rates: badNetwork });
    const good = await FaultProxy.start({ target: gateway.url, seed });
    return new GatewayTalks({ gateway, backend, models: { google, openai }, served, bad, good });
  }

  private constructor(world: World) {
    this.#world = world;
  }

  /** At once. @param killAfterMs when the gateway is killed, and comes back at another port. */
  async play(seeds: readonly number[], killAfterMs?: number): Promise<TalkThrough[]> {
    const talks = seeds.map((seed) => new Talk(this.#world, seed, killAfterMs !== undefined).play());
    if (killAfterMs !== undefined) {
      await sleep(killAfterMs);
      const { gateway, bad, good } = this.#world;
      await gateway.kill9();
      await gateway.start();
      bad.target = good.target = gateway.url;
    }
    return Promise.all(talks);
  }

  /** What does not hold once all conversations are over. */
  async violations(): Promise<string[]> {
    const { served, bad, good, models } = this.#world;
    const open = (): number => served.reduce((sum, { count }) => sum + count(), 0);
    const wrong = models.openai.refused.map((why) => `OpenAI's model refused: ${why}`);
    const reached = [...models.google.reachedBy, ...models.openai.reachedBy];
    if (reached.some(({ url }) => url.includes(key))) wrong.push("the key is in an address");
    // A half-open one is closed by nobody: that is what it is.
    const people = (): number => [bad, good].reduce((sum, one) => sum + one.openLinks - one.halfOpenLinks, 0);
    const isClosed = async (): Promise<true | undefined> => open() + people() === 0 || undefined;
    await until(isClosed, { what: "all sockets to be closed", timeoutMs: patienceMs }).catch(() =>
      wrong.push(`open: ${open()} sockets to models, ${people()} of people`),
    );
    return wrong;
  }

  get connections(): number {
    const { google, openai } = this.#world.models;
    return google.reachedBy.length + openai.reachedBy.length;
  }

  async stop(): Promise<void> {
    const { gateway, backend, served, bad, good } = this.#world;
    await bad.close();
    await good.close();
    await gateway.dispose();
    for (const one of served) await one.stop();
    await backend.stop();
  }
}

class Talk {
  readonly #world: World;
  readonly #seed: number;
  readonly #isKilled: boolean;
  readonly #random: () => number;
  readonly #session = newSession();
  #given: number[] = [];

  constructor(world: World, seed: number, isKilled: boolean) {
    this.#world = world;
    this.#seed = seed;
    this.#isKilled = isKilled;
    this.#random = seededRandom(seed);
  }

  async play(): Promise<TalkThrough> {
    const { bad, good } = this.#world;
    const random = this.#random;
    const model = random() < 0.5 ? "google" : "openai";
    const isBad = random() < 0.5;
    await this.#ask("/v1/sessions", "POST", { session_id: this.#session });
    const person = new Person({ baseUrl: (isBad ? bad : good).url, sessionId: this.#session, answers: [] });
    await person.join();
    await this.#ask(this.#path, "PUT", { model: `${model}/test`, greeting: "Hello.", max_minutes: 3 });
    const sentences = 2 + Math.floor(random() * 2);
    for (let n = 0; n < sentences; n += 1) {
      await sleep(1_500 + random() * 2_500);
      const words = Array.from({ length: 2 + Math.floor(random() * 4) }, (_, at) => this.#given.length + at + 1);
      this.#given.push(...words);
      person.interject(soundOf(words));
      await sleep(words.length * 200 + 300);
    }
    // A model that is gone without a word is found out about after a quarter of a minute, and its next connection told of all.
    if (!isBad && !this.#isKilled) await this.#settled(async () => (await this.#words()).length >= this.#given.length);
    const isDeleted = random() < 0.5;
    if (isDeleted) await this.#ask(this.#path, "DELETE");
    await person.leave();
    const over = await this.#settled(async () => (await this.#read()).phase === "ended");
    const isPosted = await this.#settled(async () => (await this.#read()).transcript === "posted");
    const { utterances } = await this.#read();
    const isTold = await this.#settled(async () => (await this.#said()).length >= utterances);
    const said = await this.#said();
    const violations = [
      ...(over ? [] : [`it did not end: ${(await this.#read()).phase}`]),
      ...(isPosted ? [] : ["its transcript was not posted"]),
      ...(isTold ? [] : [`the meeting has ${said.length} of ${utterances} utterances`]),
      ...this.#wrongWords(await this.#words(), isBad || this.#isKilled),
      ...wrongUtterances(said),
      ...this.#wrongTranscript(said),
      ...(await this.#wrongTracks(person)),
    ];
    return { seed: this.#seed, model, words: this.#given.length, utterances: said.length, violations };
  }

  get #path(): string {
    return `/v1/sessions/${this.#session}/participant`;
  }

  /** Again where the gateway is down. */
  async #ask(path: string, method = "GET", body?: object): Promise<string> {
    const init = body ? { method, body: JSON.stringify(body) } : { method };
    return until(
      async () => {
        const { status, text } = await send(this.#world.gateway, path, init).catch(() => ({ status: 0, text: "" }));
        if (status >= 400 && status < 500) throw new Error(`${method} ${path}: ${status} ${text}`);
        return status >= 200 && status < 300 ? text : undefined;
      },
      { what: `an answer to ${method} ${path}`, timeoutMs: patienceMs },
    );
  }

  async #settled(isThere: () => Promise<boolean>): Promise<boolean> {
    const asked = until(async () => (await isThere()) || undefined, { what: "it", timeoutMs: patienceMs });
    return asked.catch(() => false);
  }

  async #read(): Promise<Participant> {
    return participantSchema.parse(JSON.parse(await this.#ask(this.#path)));
  }

  async #said(): Promise<Utterance[]> {
    const text = await this.#ask(`/v1/sessions/${this.#session}/events?limit=1000`);
    return eventsPageSchema.parse(JSON.parse(text)).events.flatMap(({ utterance }) => utterance ?? []);
  }

  async #words(): Promise<number[]> {
    const said = (await this.#said()).filter(({ track }) => track === "mic");
    return said.flatMap(({ text }) => [...text.matchAll(/w(\d+)/g)].map(([, word]) => Number(word)));
  }

  /** @param isExcused live audio may have been lost on its way, and nobody promises it. */
  #wrongWords(words: readonly number[], isExcused: boolean): string[] {
    const lost = this.#given.filter((word) => !words.includes(word));
    const twice = words.filter((word, at) => words.indexOf(word) !== at);
    return [
      ...(twice.length > 0 ? [`words that stand there twice: ${twice.join(" ")}`] : []),
      ...(lost.length > 0 && !isExcused ? [`words that are lost: ${lost.join(" ")}`] : []),
    ];
  }

  #wrongTranscript(said: readonly Utterance[]): string[] {
    const { stored } = this.#world.backend;
    const mine = [...stored].flatMap(([id, entry]) => (id.startsWith(`${this.#session} `) ? [entry] : []));
    const [there, kept] = [contents(mine.map(({ content }) => content)), contents(said.map(({ text }) => text))];
    return there === kept ? [] : [`the backend has "${there}", and the meeting "${kept}"`];
  }

  /** Each second that was recorded is there, or told as a stall of the machine; and it is what was recorded. */
  async #wrongTracks(person: Person): Promise<string[]> {
    const state = sessionStateSchema.parse(JSON.parse(await this.#ask(`/v1/sessions/${this.#session}/state`)));
    const lost = ["ai", "mic"].flatMap((track) => {
      const seconds = lostSeconds(state, track);
      return seconds === 0 || (track === "ai" && this.#isKilled) ? [] : [`${track}: ${seconds} seconds are lost`];
    });
    if (lost.length > 0 || (state.gaps ?? []).some(({ track }) => track === "mic")) return lost;
    const url = `${this.#world.gateway.url}/v1/sessions/${this.#session}/audio.wav?track=mic`;
    const kept = new Uint8Array(await (await fetch(url)).arrayBuffer());
    const recorded = Buffer.concat(person.recorded.map((block) => new Uint8Array(block.buffer)));
    const isThere = Buffer.from(kept).includes(recorded);
    return isThere ? [] : [`mic: of ${recorded.byteLength} bytes that were recorded others were kept`];
  }
}

const contents = (texts: readonly string[]): string => texts.toSorted().join(" | ");

function wrongUtterances(said: readonly Utterance[]): string[] {
  const ids = said.map(({ track, utterance_id }) => `${track} ${utterance_id}`);
  const mine = said.filter(({ track }) => track === "ai").toSorted((a, b) => a.start_ms - b.start_ms);
  const overlaps = mine.filter(({ start_ms }, at) => start_ms < (mine[at - 1]?.end_ms ?? 0));
  return [
    ...(new Set(ids).size < ids.length ? ["an utterance stands there twice"] : []),
    ...(overlaps.length > 0 ? ["utterances of the model lie over each other"] : []),
  ];
}
