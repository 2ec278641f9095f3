/** The bad tenant's process, from the side of the one that measures. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { setPriority } from "node:os";
import { fileURLToPath } from "node:url";
import { Failure } from "../../../schemas/lib/failure.ts";
import { within } from "../../../client/testkit/within.ts";
import type { AbuseOrder, AbusePlan, AbuseWord, Tallies } from "./abuse-kinds.ts";

const script = fileURLToPath(new URL("abuse-main.ts", import.meta.url));
/** In earnest its computers are its own: here the gateway goes before it. */
const niceness = 10;
const startTimeoutMs = 20_000;
const answerTimeoutMs = 10_000;

export class BadTenant {
  readonly #child: ChildProcess;
  readonly #plan: AbusePlan;

  private constructor(child: ChildProcess, plan: AbusePlan) {
    this.#child = child;
    this.#plan = plan;
  }

  /** A process that waits. */
  static async create(plan: AbusePlan): Promise<BadTenant> {
    const child = fork(script, { execArgv: process.features.typescript ? [] : ["--import", "tsx"] });
    const tenant = new BadTenant(child, plan);
    const end = (): void => void child.kill("SIGKILL");
    process.once("exit", end);
    await tenant.#heard("ready", startTimeoutMs);
    if (child.pid !== undefined) setPriority(child.pid, niceness);
    return tenant;
  }

  start(): void {
    this.#order({ type: "start", plan: this.#plan });
  }

  /** Ends it. @returns what it got. */
  async stop(): Promise<Tallies> {
    this.#order({ type: "stop" });
    const { tallies } = await this.#heard("tallies", answerTimeoutMs);
    this.kill();
    return tallies;
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }

  #order(order: AbuseOrder): void {
    this.#child.send(order);
  }

  async #heard<T extends AbuseWord["type"]>(type: T, timeoutMs: number): Promise<Extract<AbuseWord, { type: T }>> {
    const gone = once(this.#child, "exit").then(() => {
      throw new Failure("The bad tenant's process ended by itself.");
    });
    const word = once(this.#child, "message").then(([message]) => message as AbuseWord);
    const heard = await within(timeoutMs, Promise.race([word, gone]), `The bad tenant was not "${type}" in time.`);
    // Its end, later on, is what is waited for then.
    gone.catch(() => undefined);
    if (heard.type !== type) throw new Failure(`The bad tenant said "${heard.type}", not "${type}".`);
    return heard as Extract<AbuseWord, { type: T }>;
  }
}
