/** Which process a pid means: pids are used again, so a process is known by its pid and the time it started. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";

export interface ProcessIdentity {
  readonly pid: number;
  /** As this system writes it; only compared. */
  readonly started: string;
}

/** Undefined where no such process runs; a zombie has ended, whoever still has to collect it. */
export function identityOf(pid: number): ProcessIdentity | undefined {
  const started = existsSync("/proc/self/stat") ? startedByProc(pid) : startedByPs(pid);
  return started === undefined ? undefined : { pid, started };
}

export function isAlive({ pid, started }: ProcessIdentity): boolean {
  return identityOf(pid)?.started === started;
}

function startedByProc(pid: number): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    // It ended.
    return undefined;
  }
  // `pid (name) state ppid …`; the name may hold anything. The start is the 22nd field, the state the third.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" ? undefined : fields[19];
}

/** macOS has no /proc; minimal Linux images have no ps. */
function startedByPs(pid: number): string | undefined {
  try {
    const line = execFileSync("ps", ["-o", "stat=,lstart=", "-p", String(pid)], { encoding: "utf8" }).trim();
    return line === "" || line.startsWith("Z") ? undefined : line.replace(/^\S+\s+/, "");
  } catch {
    // ps fails where it finds nothing.
    return undefined;
  }
}
