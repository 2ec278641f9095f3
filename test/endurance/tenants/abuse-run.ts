/** Each kind of abuse, at work until its signal aborts. */
import { freshSeconds } from "./abuse-frames.ts";
import { floodHttp } from "./abuse-http.ts";
import type { AbuseKind, AbusePlan } from "./abuse-kinds.ts";
import { type Count, floodSocket } from "./abuse-socket.ts";
import { dropOne } from "./abuse-drop.ts";
import { hostileRequests } from "./abuse-requests.ts";
import { signToken } from "./sign-token.ts";

interface AbuseContext {
  readonly plan: AbusePlan;
  readonly count: Count;
  readonly signal: AbortSignal;
}

const connectionsAtATime = 8;
const requestsAtATime = 16;

const captureToken = ({ plan }: AbuseContext, sessionId: string, subject: string): Promise<string> =>
  signToken(plan.secret, { tenant: plan.tenant, sessionId, subject, role: "capture" });
const socketUrl = ({ plan }: AbuseContext, sessionId: string, track: string): string =>
  `${plan.url.replace(/^http/, "ws")}/v1/audio/ws/${sessionId}/${track}`;

export const abuses: Readonly<Record<AbuseKind, (context: AbuseContext) => Promise<unknown>>> = {
  frames: (context) =>
    inParallel(4, async (index) => {
      const sessionId = `bad-frames-${index >> 1}`;
      const url = socketUrl(context, sessionId, `track-${index}`);
      const token = await captureToken(context, sessionId, "frames");
      await floodSocket({ ...context, url, token, nextFrame: freshSeconds(sessionId) });
    }),

  requests: async (context) => {
    const next = await hostileRequests(context.plan);
    await floodHttp({ ...context, url: context.plan.url, parallel: requestsAtATime, next });
  },

  drop: async (context) => {
    const { count, signal } = context;
    const sessionId = "bad-drop";
    const token = await captureToken(context, sessionId, "drop");
    await inParallel(connectionsAtATime, async (index) => {
      while (!signal.aborted) await dropOne(socketUrl(context, sessionId, `t-${index}`), token, count, signal);
    });
  },
};

async function inParallel(many: number, work: (index: number) => Promise<void>): Promise<void> {
  await Promise.all(Array.from({ length: many }, (_, index) => work(index)));
}
