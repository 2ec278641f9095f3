/** Speaker resolve as a drill has it: the inference service in a process of its own, which can be killed and comes back at the same address. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { Failure } from "../../schemas/lib/failure.ts";
import { patiently } from "./patiently.ts";

export class SpeakerService {
  #child: ChildProcess | undefined;
  #port = 0;

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async start(): Promise<void> {
    const main = fileURLToPath(new URL("../../server/inference/main.ts", import.meta.url));
    const child = spawn(process.execPath, [main, "--port", String(this.#port)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.#child = child;
    let said = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (said += text));
    await patiently("the inference service is ready", async () => {
      if (child.exitCode !== null) throw new Failure(`The inference service ended with ${child.exitCode}.`);
      return said.includes("ready ");
    });
    this.#port = Number(/ready http:\/\/[^:]+:(\d+)/.exec(said)?.[1]);
  }

  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
  }
}
