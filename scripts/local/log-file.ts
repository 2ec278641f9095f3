/**
 * The Workers' lines in files below STATE_DIR, as JSON, one a line, each with its time. Bounded: a file that is full becomes `.1`, and
 * what was `.3` goes. A disk that takes no more costs lines, and nothing else: how many is the first thing said when it does again.
 */
import { appendFileSync, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";

export const logFolder = "logs";
export const logFileName = "roomtone.jsonl";
const maxFileBytes = 8 * 1024 * 1024;
const olderFiles = 3;

export interface LogFile {
  /** @param text one line, as it was printed. */
  readonly add: (level: string, text: string, now: Date) => void;
}

export function openLogFile(stateDir: string, maxBytes: number = maxFileBytes): LogFile {
  const folder = join(stateDir, logFolder);
  const path = join(folder, logFileName);
  let bytes: number | undefined;
  let lost = 0;

  const open = (): number => {
    mkdirSync(folder, { recursive: true });
    return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  };
  const rotate = (): void => {
    rmSync(`${path}.${olderFiles}`, { force: true });
    for (let n = olderFiles - 1; n >= 0; n -= 1) {
      const from = n === 0 ? path : `${path}.${n}`;
      if (statSync(from, { throwIfNoEntry: false })) renameSync(from, `${path}.${n + 1}`);
    }
  };
  const write = (line: string): void => {
    bytes ??= open();
    if (bytes > 0 && bytes + line.length > maxBytes) {
      rotate();
      bytes = 0;
    }
    appendFileSync(path, line);
    bytes += Buffer.byteLength(line);
  };

  return {
    add: (level, text, now) => {
      const line = lineOf(level, text, now);
      try {
        if (lost > 0)
          write(lineOf("warn", JSON.stringify({ level: "warn", event: "log.lines_lost", lines: lost }), now));
        lost = 0;
        write(line);
      } catch {
        // Said once there is space, or a folder, again.
        lost += 1;
        bytes = undefined;
      }
    },
  };
}

function lineOf(level: string, text: string, now: Date): string {
  const at = now.toISOString();
  const known = parsed(text);
  return `${JSON.stringify(known ? { at, ...known } : { at, level, event: "output", text })}\n`;
}

function parsed(text: string): object | undefined {
  if (!text.startsWith("{")) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
