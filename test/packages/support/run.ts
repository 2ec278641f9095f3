/** A program as a person runs it, with its output in the failure. */
import { execFile } from "node:child_process";

export interface RunOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** @returns what it wrote on stdout. Rejects with all of its output where it fails or takes more than two minutes. */
export function run(program: string, args: readonly string[], { cwd, env }: RunOptions): Promise<string> {
  // Whoever runs the tests may ask for colour, which is no part of what is looked for.
  const options = {
    cwd,
    env: { ...process.env, FORCE_COLOR: undefined, ...env },
    timeout: 120_000,
    maxBuffer: 64_000_000,
  };
  return new Promise((resolve, reject) => {
    execFile(program, args, options, (cause, stdout, stderr) => {
      if (cause) reject(new Error(`${program} ${args.join(" ")}: ${cause.message}\n${stdout}\n${stderr}`, { cause }));
      else resolve(stdout);
    });
  });
}
