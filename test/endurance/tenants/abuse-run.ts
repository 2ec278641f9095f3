/** Each kind of abuse, at work until its signal aborts. */
import { setImmediate as turn } from "node:timers/promises";
import { limits } from "../../../schemas/limits.ts";
import { seededRandom } from "../../../client/testkit/fault-plan.ts";
import { controlMessages, freshSeconds, mostlyBad, sameSecond } from "./abuse-frames.ts";
import { floodHttp } from "./abuse-http.ts";
import type { AbuseKind, AbusePlan } from "./abuse-kinds.ts";
import { type Count, floodSocket, type FloodOptions } from "./abuse-socket.ts";
import { dropOne } from "./abuse-drop.ts";
import { credentialRequests, hostileRequests, uselessTokens } from "./abuse-requests.ts";
import { signToken } from "./sign-token.ts";

export interface AbuseContext {
  readonly plan: AbusePlan;
  readonly count: Count;
  readonly signal: AbortSignal;
}

const connectionsAtATime = 8;
const requestsAtATime = 16;
const heedlessTracks = ["spent-1", "spent-2"] as const;
const burnMs = 20;

const captureToken = ({ plan }: AbuseContext, sessionId: string, subject: string): Promise<string> =>
  signToken(plan.secret, { tenant: plan.tenant, sessionId, subject, role: "capture" });
const socketUrl = ({ plan }: AbuseContext, sessionId: string, track: string): string =>
  `${plan.url.replace(/^http/, "ws")}/v1/audio/ws/${sessionId}/${track}`;

export const abuses: Readonly<Record<AbuseKind, (context: AbuseContext) => Promise<unknown>>> = {
  frames: (context) =>
    Promise.all(
      [0, 1, 2, 3].map(async (index) => {
        const sessionId = `bad-frames-${index >> 1}`;
        const nextFrame = freshSeconds(sessionId);
        return flood(context, { sessionId, track: `track-${index}`, subject: "frames", nextFrame });
      }),
    ),

  heedless: (context) => Promise.all(heedlessTracks.map((track, index) => heedless(context, track, index === 1))),

  connections: async (context) => {
    const sessionId = "bad-connections";
    const token = await captureToken(context, sessionId, "connections");
    await inParallel(connectionsAtATime, (index) =>
      openAndDrop(context, socketUrl(context, sessionId, `t-${index}`), () => token),
    );
  },

  sessions: (context) =>
    inParallel(connectionsAtATime, async (index) => {
      for (let n = 0; !context.signal.aborted; n += 1) {
        const sessionId = `bad-session-${index}-${n}`;
        const token = await captureToken(context, sessionId, sessionId);
        const once = AbortSignal.any([context.signal, AbortSignal.timeout(30_000)]);
        await openAndDrop({ ...context, signal: once }, socketUrl(context, sessionId, "t"), () => token, 1);
      }
    }),

  http: async (context) => {
    const next = await hostileRequests(context.plan);
    await floodHttp({ ...context, url: context.plan.url, parallel: requestsAtATime, next });
  },

  "bad-frames": (context) =>
    inParallel(4, (index) => {
      const sessionId = "bad-bad-frames";
      const random = seededRandom(context.plan.seed + index);
      const nextFrame = mostlyBad(sessionId, random, index % 2 === 0);
      return flood(context, { sessionId, track: `track-${index}`, subject: "bad-frames", nextFrame });
    }),

  control: (context) =>
    inParallel(4, (index) => {
      const [sessionId, track] = ["bad-control", `track-${index}`];
      return flood(context, { sessionId, track, subject: "control", nextFrame: controlMessages(sessionId, track) });
    }),

  credentials: async (context) => {
    const { plan } = context;
    const tokens = await uselessTokens(plan);
    const random = seededRandom(plan.seed);
    const pick = (): string => tokens[Math.floor(random() * tokens.length)] ?? "";
    await Promise.all([
      floodHttp({ ...context, url: plan.url, parallel: requestsAtATime, next: credentialRequests(pick) }),
      inParallel(connectionsAtATime, () => openAndDrop(context, socketUrl(context, "bad-credentials", "t"), pick)),
    ]);
  },

  burn: async ({ signal, count }) => {
    while (!signal.aborted) {
      for (const until = performance.now() + burnMs; performance.now() < until;);
      count("turns");
      await turn();
    }
  },
};

/** Uses up the bursts of the tracks of `heedless`, with one second sent over and over: what is kept already counts as well. */
export async function drainBursts(plan: AbusePlan): Promise<void> {
  await Promise.all(
    heedlessTracks.map(async (track, index) => {
      const drained = new AbortController();
      let taken = 0;
      const onAnswer = (what: string): void => {
        if (what === "ack") taken += 1;
        else if (what === "rate_limited" && taken >= limits.catchUpBurstSeconds) drained.abort();
      };
      const context = { plan, count: () => undefined, signal: drained.signal };
      await heedless(context, track, index === 1, onAnswer);
    }),
  );
}

async function heedless(
  context: AbuseContext,
  track: string,
  isBinary: boolean,
  onAnswer?: FloodOptions["onAnswer"],
): Promise<void> {
  const sessionId = "bad-heedless";
  // Each track's connections count for themselves: the more of them, the worse.
  const nextFrame = sameSecond(sessionId, isBinary);
  await flood(context, { sessionId, track, subject: track, nextFrame, ...(onAnswer ? { onAnswer } : {}) });
}

async function flood(
  context: AbuseContext,
  {
    sessionId,
    track,
    subject,
    ...rest
  }: Pick<FloodOptions, "nextFrame" | "onAnswer"> & { sessionId: string; track: string; subject: string },
): Promise<void> {
  const token = await captureToken(context, sessionId, subject);
  await floodSocket({ ...context, ...rest, url: socketUrl(context, sessionId, track), token });
}

/** Opens connections, and drops each as soon as it is open, or refused. @param times without it until the signal aborts. */
async function openAndDrop(
  { count, signal }: AbuseContext,
  url: string,
  token: () => string,
  times = Number.POSITIVE_INFINITY,
): Promise<void> {
  for (let n = 0; n < times && !signal.aborted; n += 1) await dropOne(url, token(), count, signal);
}

async function inParallel(many: number, work: (index: number) => Promise<void>): Promise<void> {
  await Promise.all(Array.from({ length: many }, (_, index) => work(index)));
}
