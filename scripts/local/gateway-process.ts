/**
 * A gateway as a person starts it: what `npm start` runs, in a process group of its own, on a free port, with its own
 * STATE_DIR. Guarantees that nothing it started outlives `dispose` or this process, however that ends, and that all it
 * printed can be read.
 */
import { execFileSync, type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { until } from "../../client/testkit/until.ts";
import { compileCache } from "./compile-cache.ts";
import { readsTypeScript } from "./reads-typescript.ts";
import { endWithVariable } from "./stop-signal.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const startScript = join("scripts", "start.mjs");
export const startTimeoutMs = 180_000;
export const stopTimeoutMs = 15_000;
/** Variables of the caller's shell that may not reach the gateway. */
const ofTheCaller =
  /^(AUTH_|JWT_|ALLOWED_|TOKEN_|RATE_|MAX_|CATCH_UP_|AUDIO_|INFERENCE_|RESOLVE_|WEBHOOK_|WORKER_|TRACK_|RETENTION_|AUTO_|EMBEDDED_|LOCAL_INFERENCE_|REVIEW_|OPENAI_|STT_|TTS_|CAPTIONS|npm_|VITEST|NODE_ENV)/;

/** Started, and not disposed of. */
const alive = new Set<GatewayProcess>();
// Where a signal leaves no time for `dispose`: miniflare, which reads R2 in some runs, exits at once.
process.once("exit", () => {
  for (const gateway of alive) gateway.abandon();
});

export interface GatewayOptions {
  /** Variables of the Worker, such as INFERENCE_BASE_URL. */
  readonly env?: Readonly<Record<string, string>>;
  /** Kept when the process ends; without it a temporary one is made, and removed by `dispose`. */
  readonly stateDir?: string;
  /** With npm and tsx in front, as a person does: two seconds of the CPU more at each start. */
  readonly viaNpm?: boolean;
}

export interface ProcessOfGroup {
  readonly pid: number;
  /** The executable's name, such as `workerd`. */
  readonly name: string;
}

export class GatewayProcess {
  readonly stateDir: string;
  /** `http://127.0.0.1:PORT`; set once `start` resolved. */
  url = "";
  /** Everything printed to stdout and stderr, over all starts. */
  output = "";
  readonly #env: Readonly<Record<string, string>>;
  readonly #ownsStateDir: boolean;
  readonly #command: readonly [string, ...string[]];
  #child: ChildProcess | undefined;

  constructor({ env = {}, stateDir, viaNpm = false }: GatewayOptions = {}) {
    this.#env = env;
    this.#command = viaNpm ? ["npm", "start"] : [process.execPath, ...readsTypeScript, startScript];
    this.#ownsStateDir = stateDir === undefined;
    this.stateDir = stateDir ?? mkdtempSync(join(tmpdir(), "roomtone-test-"));
  }

  /** Starts it and waits for its `ready` line. Again after `stop` or `kill9`: the same STATE_DIR. */
  async start(): Promise<void> {
    const printedBefore = this.output.length;
    const inherited = Object.entries(process.env).filter(([name]) => !ofTheCaller.test(name));
    const [command, ...args] = this.#command;
    const child = spawn(command, args, {
      cwd: root,
      // A process group of its own: what it starts can be found and ended as one.
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        ...Object.fromEntries(inherited),
        NODE_COMPILE_CACHE: compileCache,
        // The models that hear words and voices take both cores for a while: whoever wants captions, neural voices or a second look says so.
        CAPTIONS: "off",
        RESOLVE_REVIEW: "off",
        LOCAL_INFERENCE_URL: "off",
        ...this.#env,
        PORT: "0",
        [endWithVariable]: String(process.pid),
        STATE_DIR: this.stateDir,
      },
    });
    this.#child = child;
    alive.add(this);
    const append = (text: Buffer): void => {
      this.output += text.toString();
    };
    child.stdout.on("data", append);
    child.stderr.on("data", append);
    await this.#ready(child, printedBefore);
  }

  async #ready(child: ChildProcess, printedBefore: number): Promise<void> {
    this.url = await until(
      () => {
        if (hasExited(child)) throw new Error(`the gateway ended before it was ready:\n${this.output}`);
        return /^ready (http:\/\/\S+)$/m.exec(this.output.slice(printedBefore))?.[1];
      },
      { what: () => `the ready line of the gateway, which printed:\n${this.output}`, timeoutMs: startTimeoutMs },
    );
  }

  get wsUrl(): string {
    return this.url.replace(/^http/, "ws");
  }

  /** Pid of what was started, which is that of its process group. */
  get pid(): number {
    if (this.#child?.pid === undefined) throw new Error("the gateway was not started");
    return this.#child.pid;
  }

  /** All that runs in the gateway's process group. */
  processes(): ProcessOfGroup[] {
    return processesOfGroup(this.pid);
  }

  /** Sends SIGTERM to that process alone, as a supervisor would, and waits until it has ended. */
  async terminate(): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
    const child = this.#running();
    process.kill(this.pid, "SIGTERM");
    return until(() => (hasExited(child) ? { code: child.exitCode, signal: child.signalCode } : undefined), {
      what: "the gateway to end after SIGTERM",
      timeoutMs: stopTimeoutMs,
    });
  }

  /** SIGTERM to the whole group, as Ctrl-C in a terminal is, and waits until none of it is left. */
  async stop(): Promise<void> {
    signalGroup(this.pid, "SIGTERM");
    await this.#gone();
  }

  /** `kill -9` of everything at once. */
  async kill9(): Promise<void> {
    signalGroup(this.pid, "SIGKILL");
    await this.#gone();
  }

  /** Whether it has not ended. */
  get isRunning(): boolean {
    return this.#child !== undefined && !hasExited(this.#child);
  }

  /** `kill -9` of workerd, which the gateway starts again. Resolves once it serves. */
  async killWorkerd(): Promise<void> {
    const printedBefore = this.output.length;
    const child = this.#running();
    const workerds = this.processes().filter(({ name }) => name === "workerd");
    if (workerds.length === 0) throw new Error("no workerd runs");
    for (const { pid } of workerds) process.kill(pid, "SIGKILL");
    await this.#ready(child, printedBefore);
  }

  /** Ends what still runs and removes a temporary STATE_DIR. */
  async dispose(): Promise<void> {
    if (this.#child) await this.kill9();
    alive.delete(this);
    this.abandon();
  }

  /** As `dispose`, without waiting for the end of what is killed. */
  abandon(): void {
    if (alive.delete(this)) signalGroup(this.pid, "SIGKILL");
    if (this.#ownsStateDir) rmSync(this.stateDir, { recursive: true, force: true, maxRetries: 5 });
  }

  #running(): ChildProcess {
    if (!this.#child || hasExited(this.#child)) throw new Error("the gateway does not run");
    return this.#child;
  }

  #gone(): Promise<true> {
    return until(() => this.processes().length === 0 || undefined, {
      what: () => `the process group to end; left: ${JSON.stringify(this.processes())}`,
      timeoutMs: stopTimeoutMs,
    });
  }
}

/** The lines of a gateway's output that one which never failed does not print. */
export function complaintsIn(output: string): string[] {
  // The last: the head of a stack's line, `at name (file:line:column)`.
  const complaint = /uncaught|unhandled|exception|^\d\d:\d\d:\d\d error |lines of stack|^\s+at .+:\d+:\d+\)?$/i;
  return output.split("\n").filter((line) => complaint.test(line));
}

function hasExited(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

function signalGroup(groupId: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-groupId, signal);
  } catch (cause) {
    // Nothing of the group is left: that is what was wanted.
    if (!(cause instanceof Error && "code" in cause && cause.code === "ESRCH")) throw cause;
  }
}

function processesOfGroup(groupId: number): ProcessOfGroup[] {
  if (existsSync("/proc/self/stat")) return readdirSync("/proc").flatMap((entry) => fromProc(entry, groupId));
  // macOS has no /proc; minimal Linux images have no ps.
  return execFileSync("ps", ["-axo", "pid=,pgid=,stat=,comm="], { encoding: "utf8" })
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([, group, stat]) => Number(group) === groupId && !stat?.startsWith("Z"))
    .map(([pid, , , ...name]) => ({ pid: Number(pid), name: name.join(" ").split("/").at(-1) ?? "" }));
}

function fromProc(entry: string, groupId: number): ProcessOfGroup[] {
  if (!/^\d+$/.test(entry)) return [];
  let stat: string;
  try {
    stat = readFileSync(`/proc/${entry}/stat`, "utf8");
  } catch {
    // The process ended between the listing and the look.
    return [];
  }
  // `pid (name) state ppid pgrp …`; a zombie has ended, whoever still has to collect it.
  const [, name = "", state, group] = /^\d+ \((.*)\) (\S) \d+ (\d+) /s.exec(stat) ?? [];
  return Number(group) === groupId && state !== "Z" ? [{ pid: Number(entry), name }] : [];
}
