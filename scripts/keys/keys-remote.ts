/**
 * The keys of the deployed gateway, through `wrangler d1 execute` and the account that wrangler is logged in to. No secret
 * goes this way, only hashes: arguments of a process can be read by others on the machine.
 */
import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as z from "zod";
import { Failure } from "../../schemas/lib/failure.ts";
import type { KeysDatabase, KeysStatement } from "./keys-sql.ts";

/** Runs wrangler. @returns what it printed to stdout, however it ended. */
export type RunWrangler = (args: readonly string[]) => Promise<string>;

const root = fileURLToPath(new URL("../..", import.meta.url));
const timeoutMs = 60_000;
const maxOutputBytes = 64 * 1024 * 1024;

const answerSchema = z.array(z.object({ results: z.array(z.unknown()), success: z.literal(true) }));
const refusalSchema = z.object({ error: z.object({ text: z.string() }) });

/** @param place where the database is, as wrangler's arguments. */
export function remoteKeys(run: RunWrangler, place: readonly string[] = ["--remote"]): KeysDatabase {
  return {
    async run(statements) {
      const output = await run(executeArguments(statements, place));
      return resultsOf(output, statements.length);
    },
    close: () => Promise.resolve(),
  };
}

/** D1 runs the statements of one command as one transaction. */
export function executeArguments(statements: readonly KeysStatement[], place: readonly string[]): string[] {
  const command = statements.map(inlined).join("; ");
  return ["d1", "execute", "DB", ...place, "--json", "--yes", "--command", command];
}

/** The statement with its values in it: the command line has no place for them. */
export function inlined({ sql, values }: KeysStatement): string {
  const parts = sql.split("?");
  if (parts.length !== values.length + 1) throw new Error("a statement needs one value for each ?");
  return parts.map((part, i) => part + (i < values.length ? literal(values[i] ?? null) : "")).join("");
}

function literal(value: string | number | null): string {
  if (value === null) return "NULL";
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value)) throw new Error("numbers in a statement are whole");
    return String(value);
  }
  if (/^[A-Za-z0-9 .:_-]*$/.test(value)) return `'${value}'`;
  // Of any other text SQL sees nothing but hex digits, whoever splits or parses it on the way.
  return `CAST(x'${Buffer.from(value, "utf8").toString("hex")}' AS TEXT)`;
}

function resultsOf(output: string, statements: number): unknown[][] {
  const printed = parseJson(output);
  const refusal = refusalSchema.safeParse(printed);
  if (refusal.success) throw new Failure(refusalSentence(refusal.data.error.text));
  const answer = answerSchema.safeParse(printed);
  if (!answer.success || answer.data.length !== statements)
    throw new Failure("wrangler gave no answer that can be read; `npx wrangler d1 list` says whether it works at all.");
  return answer.data.map(({ results }) => results);
}

function refusalSentence(text: string): string {
  if (/no such table: api_keys/.test(text))
    return "The deployed database has no table of keys yet: `npm run deploy` makes it.";
  return `wrangler could not ask the deployed database: ${text.replace(/\s+/g, " ")}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** As a process of its own without a shell. Where `signal` aborts, it ends too. */
export function wranglerProcess(signal: AbortSignal): RunWrangler {
  const { resolve: locate } = createRequire(import.meta.url);
  const program = join(dirname(locate("wrangler/package.json")), "bin", "wrangler.js");
  // No log file of its own either.
  const env = { ...process.env, WRANGLER_SEND_METRICS: "false", WRANGLER_WRITE_LOGS: "false" };
  return (args) =>
    new Promise((resolve, reject) => {
      const options = { cwd: root, env, signal, timeout: timeoutMs, maxBuffer: maxOutputBytes };
      const child = execFile(process.execPath, [program, ...args], options, (error, stdout) => {
        // Its exit code says no more than what it printed. A death by signal is the timeout's, or ours.
        if (error?.killed) reject(new Failure("wrangler took over a minute, and was ended."));
        else resolve(stdout);
      });
      // Not a terminal: it would ask questions there that nobody sees.
      child.stdin?.end();
    });
}
