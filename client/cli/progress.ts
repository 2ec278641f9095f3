/**
 * One line that is written over as work goes on. Only on a terminal: anywhere else it writes nothing, so
 * that logs stay readable. Colour only where the terminal has it and NO_COLOR is not set.
 */
import type { WriteStream } from "node:tty";

export interface Progress {
  /** Draws the line again: how much is done of `total`, and a few words. */
  update(done: number, total: number, words: string): void;
  /** Takes the line away, so that other output starts on a clean one. */
  clear(): void;
}

type Terminal = Pick<WriteStream, "write" | "isTTY" | "columns">;
const barCells = 24;
const redrawMs = 80;

export function createProgress(
  stream: Terminal,
  env: NodeJS.ProcessEnv = process.env,
  now: () => number = () => performance.now(),
): Progress {
  if (!stream.isTTY || env["TERM"] === "dumb") return { update: () => undefined, clear: () => undefined };
  const green = (text: string): string => (env["NO_COLOR"] ? text : `\u001B[32m${text}\u001B[39m`);
  let drawnAt = Number.NEGATIVE_INFINITY;
  return {
    update(done, total, words) {
      // The last one must be seen; of the others a few a second do.
      if (now() - drawnAt < redrawMs && done < total) return;
      drawnAt = now();
      const filled = total === 0 ? 0 : Math.min(barCells, Math.floor((done / total) * barCells));
      // A line longer than the terminal would wrap, and could not be written over.
      const room = Math.max(0, (stream.columns || 80) - barCells - 2);
      stream.write(`\r\u001B[2K${green("█".repeat(filled))}${"░".repeat(barCells - filled)} ${words.slice(0, room)}`);
    },
    clear() {
      if (drawnAt !== Number.NEGATIVE_INFINITY) stream.write("\r\u001B[2K");
    },
  };
}
