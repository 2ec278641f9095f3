/** Commands in the operator's documents are commands: each with options, and of several commands in one the one, that it has. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import * as z from "zod";

const documents =
  "operations runbook-workers telemetry cloudflare-bindings upgrading faq-workers access billing budgets-and-cost data-protection security testing performance";
const { scripts } = z
  .object({ scripts: z.record(z.string(), z.string()) })
  .parse(JSON.parse(readFileSync("package.json", "utf8")));

/** Text in backticks or in a code block, as somebody would paste it. */
const lines = documents
  .split(" ")
  .flatMap((name) => [...readFileSync(`docs/${name}.md`, "utf8").matchAll(/npm run (?:-s )?([a-z:-]+) -- [^`\n|]+/g)])
  // The options of others' programs, such as those that run the tests, are theirs.
  .filter(([, name = ""]) => scripts[name]?.startsWith("node ") ?? true)
  .map(([line]) => line.trim());

/** Scripts whose first argument says which of several commands is meant, each with options of its own. */
const several = new Set(["keys", "switch", "billing"]);

interface Named {
  readonly line: string;
  /** A file, and which of its commands where it has several. */
  readonly asked: readonly string[];
  readonly options: readonly string[];
}

function named(line: string): Named {
  const [, name = "", rest = ""] = /^npm run (?:-s )?([a-z:-]+) -- (.+)$/.exec(line) ?? [];
  const words = rest.replace(/\s+[#>)].*$/, "").split(/\s+/);
  const [, ...run] = (scripts[name] ?? "").split(" ");
  return {
    line,
    asked: [...run, ...words.slice(0, several.has(name) ? 1 : 0)],
    options: words.filter((word) => word.startsWith("--")).map((word) => word.replace(/[=,.;:)].*$/, "")),
  };
}

async function helpOf(asked: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [...asked, "--help"]);
  return stdout;
}

test("every command of the operator's documents has the options that it is given there", async () => {
  const all = lines.map(named);
  expect(all.length).toBeGreaterThan(25);
  const helps = new Map<string, string>();
  for (const { line, asked, options } of all) {
    const key = asked.join(" ");
    const help = helps.get(key) ?? (await helpOf(asked));
    helps.set(key, help);
    expect({ line, help: help.startsWith("Usage: npm run") }).toEqual({ line, help: true });
    const unknown = options.filter((option) => option !== "--help" && !new RegExp(`${option}(?![\\w-])`).test(help));
    expect({ line, unknown }).toEqual({ line, unknown: [] });
  }
}, 120_000);

/** Commands whose 1 is an answer: that a ledger differs, where 2 says that it can't be known. */
const failures = new Map([["billing", 2]]);

test("every command of this repository refuses an option that it has not, and does nothing", async () => {
  const commands = Object.entries(scripts).filter(([, line]) => line.startsWith("node "));
  expect(commands.length).toBeGreaterThan(40);
  for (const [name, line] of commands) {
    const [, ...run] = line.split(" ");
    const asked = [...run, "--no-such-option"];
    const said = await promisify(execFile)(process.execPath, asked).catch((cause: unknown) =>
      z.object({ code: z.number(), stdout: z.string(), stderr: z.string() }).parse(cause),
    );
    expect({ name, said }).toEqual({
      name,
      said: {
        code: failures.get(name) ?? 1,
        stdout: "",
        stderr: expect.stringMatching(/^[^\n]*no-such-option[^\n]*\n$/),
      },
    });
  }
}, 300_000);
