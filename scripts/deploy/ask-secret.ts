/** Asks for a secret without showing what is typed. The value is in the environment, or typed, and goes nowhere else. */
import { randomBytes } from "node:crypto";
import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { Failure } from "../../schemas/lib/failure.ts";

const randomLength = 48;

export async function askSecret(name: string, signal: AbortSignal): Promise<string> {
  const given = process.env[name];
  if (given) return given;
  if (!process.stdin.isTTY) {
    throw new Failure(
      `${name} is not set yet, and there is no terminal to ask: run this with ${name} in the environment.`,
    );
  }
  process.stderr.write(`${name} is not set yet. Type it (it is not shown), or press Enter to have one made: `);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: silent, terminal: true });
  try {
    const typed = (await terminal.question("", { signal })).trim();
    process.stderr.write("\n");
    return typed === "" ? randomBytes(randomLength).toString("base64url") : typed;
  } finally {
    terminal.close();
  }
}
