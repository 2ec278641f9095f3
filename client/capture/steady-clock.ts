/**
 * Time that passed, for runtimes whose steady clock stands still while the machine sleeps: `performance.now` does on Linux and
 * macOS. There a jump of the wall clock alone is taken for sleep; a wall clock that was set looks the same from inside a page.
 * Where the runtime knows better (Node: `os.uptime`), its clock is given to the capture as `elapsed`.
 */
import { chunkMs } from "../../schemas/wire/audio.ts";
import { wireLimits } from "../../schemas/wire/wire-limits.ts";

/** Below it the two clocks only drift or are slewed. */
const minSleepMs = 2_000;
/** Beyond it the wall clock was set: a device without a battery boots in 1970. */
const maxSleepMs = wireLimits.maxSeqAhead * chunkMs;

/** @param wall ms since 1970. @param steady ms, of a clock that nobody sets. @returns a clock to be read now and then, ms. */
export function steadyClock(
  wall: () => number = () => Date.now(),
  steady: () => number = () => performance.now(),
): () => number {
  let sleptMs = 0;
  let aheadMs = wall() - steady();
  return () => {
    const now = steady();
    const jumpedMs = wall() - now - aheadMs;
    aheadMs += jumpedMs;
    if (jumpedMs >= minSleepMs && jumpedMs <= maxSleepMs) sleptMs += jumpedMs;
    return now + sleptMs;
  };
}
