/** One session of mutated frames, over sockets: connects, plays, reconnects where the room ended the connection. */
import * as fc from "fast-check";
import { limits } from "../../schemas/limits.ts";
import { Finding } from "./finding.ts";
import { type ConnectionPlan, connectionPlans, type FramePlan, framePlans, isMutated } from "./frame-plan.ts";
import { FramePlayer } from "./frame-player.ts";
import type { FrameWire } from "./frame-wire.ts";
import type { RoomModel } from "./room-model.ts";

/** Each time as another subject: one whose connection was ended for bad frames has to rest (SPEC L8). */
export type Dial = (connection: ConnectionPlan, subject: string) => Promise<FrameWire>;

/** So many frames without audio a connection may send at any speed, and then some. */
const idleFramesOfConnection = Math.floor(limits.idleFramesBurst * 0.75);

export interface FrameSession {
  readonly sessionId: string;
  readonly seed: number;
  /** Mutated ones; good ones come among them. */
  readonly frames: number;
}

/** Plans for one session: the same for the same seed. */
export function planSession({ seed, frames }: FrameSession): { plans: FramePlan[]; connections: ConnectionPlan[] } {
  const plans: FramePlan[] = [];
  // Some are good: twice as many are plenty.
  for (let left = frames; left > 0;) {
    for (const plan of fc.sample(framePlans, { seed: seed + plans.length, numRuns: Math.max(20, left * 2) })) {
      if (left === 0) break;
      plans.push(plan);
      if (isMutated(plan)) left -= 1;
    }
  }
  return { plans, connections: fc.sample(connectionPlans, { seed, numRuns: 16 }) };
}

/** @returns the model, for the room's tables to be compared with. @throws Finding */
export async function playSession(
  session: FrameSession,
  dial: Dial,
  onFrame = (): void => undefined,
): Promise<RoomModel> {
  const player = new FramePlayer(session.sessionId, true);
  const { plans, connections } = planSession(session);
  let wire: FrameWire | undefined;
  let dialled = 0;
  let played = 0;
  let idle = 0;
  const play = async (plan: FramePlan): Promise<void> => {
    if (!wire) {
      const connection = connections[dialled % connections.length];
      if (!connection) throw new Error("no connection was planned");
      dialled += 1;
      wire = await dial(connection, `fuzz-${dialled}`);
      idle = 0;
      player.model.connect(connection);
    }
    const turn = player.plan(plan);
    const { close } = turn.expected;
    const heard = await wire.exchange(turn.frame, turn.replies, close !== undefined);
    if (player.heard(turn, heard)) wire = undefined;
    if (turn.expected.kind === "refused" || turn.expected.reply?.["type"] !== "ack") idle += 1;
  };
  try {
    for (const plan of plans) {
      await play(plan);
      if (wire && idle >= idleFramesOfConnection) await play(goodbye);
      played += 1;
      if (isMutated(plan)) onFrame();
    }
    // Whatever came before: a good client is served.
    for (const plan of goodFrames) await play(plan);
  } catch (cause) {
    if (!(cause instanceof Finding)) throw cause;
    throw new Finding(`session seed ${session.seed}, frame ${played + 1}: ${cause.message}`, { cause });
  } finally {
    wire?.end();
  }
  return player.model;
}

const good = { fields: [], bytes: [], isSwapped: false, encoding: "json" } as const;
const goodbye: FramePlan = { ...good, base: { type: "close" } };
const goodFrames: readonly FramePlan[] = [
  { ...good, base: { type: "hello", options: 1 } },
  { ...good, base: { type: "chunk", seq: { from: "last", offset: 1 }, variant: 1, bytes: 32_000, base64: "good" } },
  { ...good, base: { type: "status" } },
];
