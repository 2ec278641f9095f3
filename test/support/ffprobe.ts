/** `ffprobe`, where this machine has it: `FFPROBE` names it, else it is looked for on the path. */
import { execFile, execFileSync } from "node:child_process";
import { promisify } from "node:util";

const command = process.env["FFPROBE"] || "ffprobe";
const timeout = 20_000;

/** Whether there is none here: what `test.skipIf` asks. */
export const isWithoutFfprobe = ((): boolean => {
  try {
    execFileSync(command, ["-version"], { stdio: "ignore", timeout });
    return false;
  } catch {
    return true;
  }
})();

/** What it says of a URL, as JSON. */
export async function ffprobe(url: string, ...options: string[]): Promise<unknown> {
  const { stdout } = await promisify(execFile)(command, ["-v", "error", "-of", "json", ...options, url], { timeout });
  return JSON.parse(stdout);
}
