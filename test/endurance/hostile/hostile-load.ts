/** The process of `hostile-main.ts`, as a soak uses it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

export interface HostileLoad {
  /** Ends it. @returns how often what happened, as text. */
  stop(): Promise<string>;
}

export function startHostileLoad(url: string): HostileLoad {
  const script = fileURLToPath(new URL("hostile-main.ts", import.meta.url));
  const child = spawn(process.execPath, [script, url], { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const ended = once(child, "close");
  return {
    stop: async () => {
      child.kill("SIGTERM");
      await ended;
      return said.trim();
    },
  };
}
