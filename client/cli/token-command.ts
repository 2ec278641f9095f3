/** A command of the user's whose output is a token: it is run again whenever a connection needs one. */
import { spawn } from "node:child_process";
import { limits } from "../../schemas/limits.ts";
import { tokenFault } from "./token-fault.ts";

/** Before the library stops waiting for its provider, so that no command is left behind. */
const timeoutMs = 25_000;
const maxOutputChars = 2 * limits.maxTokenChars;

/**
 * Runs it in the system's shell; what it writes to stderr is seen.
 * @returns its output, without white space around it.
 * @throws Error where it fails, takes too long, or gives what can be no token. It quotes neither the command nor its output.
 */
export async function tokenFromCommand(command: string): Promise<string> {
  const child = spawn(command, { shell: true, stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      const fail = (why: string): void => reject(new Error(`the token command ${why}`));
      timer = setTimeout(() => fail(`gave nothing for ${timeoutMs} ms`), timeoutMs);
      child.stdout.setEncoding("utf8").on("data", (text: string) => {
        output += text;
        if (output.length > maxOutputChars) fail("gave far more than a token");
      });
      child.once("error", () => fail("can't be run"));
      child.once("close", (code, signal) => (code === 0 ? resolve() : fail(`ended with ${signal ?? code}`)));
    });
  } finally {
    clearTimeout(timer);
    child.kill();
    // What the shell started may hold the pipe, and with it this process.
    child.stdout.destroy();
  }
  const token = output.trim();
  const fault = token === "" ? "is empty" : tokenFault(token);
  if (fault !== undefined) throw new Error(`what the token command gave ${fault}`);
  return token;
}
