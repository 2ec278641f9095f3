/**
 * `npm run chaos:planted`: proves that the chaos suite can see. Plants one bug after the other into a copy of the
 * source and lets `npm run chaos` play there; ends with 1 unless each of them is found.
 */
import { spawn } from "node:child_process";
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as z from "zod";
import { defineCommand } from "../../scripts/cli/define-command.ts";
import { runCommand } from "../../scripts/cli/run-command.ts";
import { planted, type Plant, plants } from "./engine/plants.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const copied = ["client", "schemas", "scripts", "server", "test", "package.json", "package-lock.json", "tsconfig.json"];
const firstSeed = "1";
const schedules = "60";
const names = plants.map(({ name }) => name);

const command = defineCommand({
  name: "npm run chaos:planted --",
  description: "Plants bugs, each in a copy of the source of its own, and expects the chaos suite to find them.",
  operands: {
    names: z
      .array(z.enum(names, `must be of ${names.join(", ")}`))
      .meta({ value: "[names...]", description: "which; all by default" }),
  },
});

// The chaos run hears a stop signal too, and ends its gateway.
await runCommand(command, async ({ names: wanted }, { print }) => {
  const folder = mkdtempSync(join(tmpdir(), "roomtone-planted-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  let missed = 0;
  for (const plant of plants.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
    const { code, story, seconds } = await play(plant, join(folder, plant.name));
    const [first = ""] = story.split("\n");
    const isFound = code === 1 && first.startsWith("seed ");
    if (!isFound) missed += 1;
    print(`${isFound ? "found " : "MISSED"} ${plant.name} (${plant.rule}) in ${seconds.toFixed(0)} s: ${first}`);
    if (!isFound) print(story);
  }
  return missed === 0 ? 0 : 1;
});

async function play(plant: Plant, copy: string): Promise<{ code: number | null; story: string; seconds: number }> {
  const configs = globSync("wrangler*.jsonc", { cwd: root });
  for (const name of [...copied, ...configs]) cpSync(join(root, name), join(copy, name), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
  for (const [file, text] of planted(plant, (each) => readFileSync(join(copy, each), "utf8")))
    writeFileSync(join(copy, file), text);
  const startedAt = performance.now();
  const args = ["test/chaos/main.ts", "--seed", firstSeed, "--schedules", schedules];
  const child = spawn(process.execPath, args, { cwd: copy, stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (text: Buffer) => {
    stdout += text.toString();
  });
  child.stderr.on("data", (text: Buffer) => {
    stderr += text.toString();
  });
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { code, story: stderr || stdout, seconds: (performance.now() - startedAt) / 1_000 };
}
