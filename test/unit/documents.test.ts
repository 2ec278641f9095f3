/** What the documents name exists: commands, files, codes. */
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import * as z from "zod";
import { httpErrors, wireErrors } from "../../schemas/wire/errors.ts";
import { switchNameSchema } from "../../schemas/switches.ts";

const documents = [...globSync("docs/*.md"), "README.md", "CHANGELOG.md"];
const { scripts } = z
  .looseObject({ scripts: z.record(z.string(), z.string()) })
  .parse(JSON.parse(readFileSync("package.json", "utf8")));
const workflow = ".github/workflows/deploy.yml";

function matches(path: string, pattern: RegExp): string[] {
  return [...readFileSync(path, "utf8").matchAll(pattern)].flatMap(([, found]) => found ?? []);
}

test.for([...documents, workflow, ".env.example"])("every npm command in %s is one of the project's", (path) => {
  const named = matches(path, /npm run (?:-s )?([a-z][a-z:-]*)/g);
  expect(named.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
});

test("every npm script runs a file that is there", () => {
  const files = Object.values(scripts).flatMap((line) =>
    [...line.matchAll(/\bnode (?:--\S+ )*(\S+\.ts)/g)].map(([, file]) => file ?? ""),
  );
  expect(files.length).toBeGreaterThan(20);
  expect(files.filter((file) => !existsSync(file))).toEqual([]);
});

test.for(documents)("every file that %s links to is there", (path) => {
  const linked = matches(path, /\]\((?!https?:|#)([\w./-]+\.(?:md|png|ts|json|mjs))(?:#[^)]*)?\)/g);
  expect(linked.filter((link) => !existsSync(join(dirname(path), link)))).toEqual([]);
});

test("the questions by code name every code of the contract and no other, and the runbook every switch", () => {
  const section = readFileSync("docs/faq-workers.md", "utf8").split("## By code")[1]?.split("\n## ")[0] ?? "";
  const codes = [...section.matchAll(/^\| `([a-z0-9_]+)`/gm)].map(([, code]) => code ?? "");
  const known = new Set([...Object.keys(httpErrors), ...Object.keys(wireErrors)]);
  expect(codes.toSorted()).toEqual([...known].toSorted());
  const switches = matches("docs/runbook-workers.md", /^\| `([a-z]+)` +\|/gm);
  expect(switches.toSorted()).toEqual(switchNameSchema.options.toSorted());
});

test("the workflow uses official actions alone, each pinned by its commit, with its version beside it", () => {
  const used = matches(workflow, /uses: (.+)/g);
  expect(used.length).toBeGreaterThan(2);
  expect(used.filter((action) => !/^actions\/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(action))).toEqual([]);
});

test("what an operator can rely on is held by tests that are there, and that name the rule", () => {
  const section = readFileSync("docs/operations.md", "utf8").split("## What an operator can rely on")[1] ?? "";
  const rows = [...(section.split("\n## ")[0] ?? "").matchAll(/^\| (.+?) +\| (.+?) +\| (.+?) +\|$/gm)].slice(2);
  expect(rows.length).toBeGreaterThan(15);
  const unheld = rows.flatMap(([, what = "", rules = "", held = ""]) => {
    const texts = [...held.matchAll(/`(test\/[\w./-]+)`/g)].map(([, file = ""]) =>
      existsSync(file) ? readFileSync(file, "utf8") : undefined,
    );
    const named = rules === "–" ? [] : rules.split(", ");
    const isHeld =
      texts.length > 0 &&
      !texts.includes(undefined) &&
      named.every((rule) => texts.some((text) => text?.includes(`[${rule}]`)));
    return isHeld ? [] : [what];
  });
  expect(unheld).toEqual([]);
});
