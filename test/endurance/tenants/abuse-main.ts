/**
 * The bad tenant, in a process of its own: what it costs to be abusive must not slow the one that measures. Orders come over
 * IPC (`AbuseOrder`); ends with its parent.
 */
import type { AbuseKind, AbuseOrder, AbuseWord } from "./abuse-kinds.ts";
import { abuses } from "./abuse-run.ts";

const say = (word: AbuseWord): void => void process.send?.(word);
const stopping = new AbortController();
const tallies: Partial<Record<AbuseKind, Record<string, number>>> = {};

process.on("disconnect", () => process.exit(0));
// Ctrl-C reaches the whole group: the parent ends this process when it is done with it.
process.on("SIGINT", () => undefined);
process.on("message", (order: AbuseOrder) => {
  if (order.type === "stop") {
    stopping.abort();
    return say({ type: "tallies", tallies });
  }
  const { plan } = order;
  for (const kind of plan.kinds) {
    const tally: Record<string, number> = (tallies[kind] = {});
    const count = (what: string, times = 1): void => {
      if (!stopping.signal.aborted) tally[what] = (tally[what] ?? 0) + times;
    };
    void abuses[kind]({ plan, count, signal: stopping.signal });
  }
});
say({ type: "ready" });
