/**
 * A local gateway that outlives its workerd: one that dies is started again on the same port, with a pause that grows, and not
 * for ever. Rooms open from their files; clients of the protocol come back by themselves. What was acked is on disk.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { Failure } from "../../schemas/lib/failure.ts";
import { within } from "../../client/testkit/within.ts";
import { backoffMs } from "../../schemas/lib/backoff.ts";
import type { Gateway } from "./gateway.ts";
import { stopGateway, workerdDeath } from "./workerd-processes.ts";

const maxDeaths = 5;
const countedMs = 600_000;
/** How long what a dead workerd leaves (its connections, a model at work) may take to end. */
const clearTimeoutMs = 120_000;
const pause = { firstMs: 500, maxMs: 15_000, least: "half" } as const;

export interface KeepRunningOptions {
  readonly start: (port: number) => Promise<Gateway>;
  readonly port: number;
  /** Aborts when the gateway is to stop; whoever aborts it stops the gateway. */
  readonly signal: AbortSignal;
  /** A gateway serves. */
  readonly onStart: (gateway: Gateway) => void;
  readonly report: (line: string) => void;
}

/** Resolves once `signal` aborts. @throws Failure where it does not start, or workerd dies too often. */
export async function keepRunning(options: KeepRunningOptions): Promise<void> {
  const { start, signal, onStart, report } = options;
  const deaths: number[] = [];
  for (let { port } = options; !signal.aborted;) {
    const gateway = await start(port);
    port = Number(new URL(gateway.url).port);
    onStart(gateway);
    const how = await workerdDeath(signal);
    if (how === undefined) return;
    const now = performance.now();
    deaths.push(now);
    const recent = deaths.filter((at) => now - at < countedMs).length;
    await stopGateway(gateway);
    // `stopGateway` waits for some seconds only. Until all of the gateway has ended it holds the lock of STATE_DIR, which the next one needs.
    await within(clearTimeoutMs, gateway.stop(), `The gateway stops: workerd ${how}, and what it leaves does not end.`);
    if (recent > maxDeaths) {
      throw new Failure(`The gateway stops: workerd ${how}, ${recent} times in ten minutes. What was acked is kept.`);
    }
    report(`workerd ${how}: it is started again. What was acked is kept.`);
    await sleep(backoffMs(pause, recent, Math.random()), undefined, { signal }).catch(() => undefined);
  }
}
