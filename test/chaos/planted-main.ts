/**
 * `npm run chaos:planted`: proves that the chaos suite can see. Plants one bug after the other into a copy of the
 * source and lets `npm run chaos` play there; ends with 1 unless each of them is found.
 */
import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Argument, Command } from "commander";
import { planted, type Plant, plants } from "./engine/plants.ts";
import { onStopSignal } from "../../scripts/local/stop-signal.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const copied = ["client", "schemas", "scripts", "server", "package.json", "tsconfig.json", "wrangler.jsonc"];
const firstSeed = "1";
const schedules = "60";

const command = new Command("chaos:planted")
  .description("Plants bugs, each in a copy of the source of its own, and expects the chaos suite to find them.")
  .addArgument(new Argument("[names...]", "which; all by default").choices(plants.map(({ name }) => name)))
  .parse();

const folder = mkdtempSync(join(tmpdir(), "roomtone-planted-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
// The chaos run hears the same signal, and ends its gateway.
onStopSignal(() => Promise.resolve());

let missed = 0;
for (const plant of plants.filter(({ name }) => command.args.length === 0 || command.args.includes(name))) {
  const { code, story, seconds } = await play(plant);
  const [first = ""] = story.split("\n");
  const isFound = code === 1 && first.startsWith("seed ");
  if (!isFound) missed += 1;
  console.log(`${isFound ? "found " : "MISSED"} ${plant.name} (${plant.rule}) in ${seconds.toFixed(0)} s: ${first}`);
  if (!isFound) console.log(story);
}
process.exitCode = missed === 0 ? 0 : 1;

async function play(plant: Plant): Promise<{ code: number | null; story: string; seconds: number }> {
  const copy = join(folder, plant.name);
  for (const name of copied) cpSync(join(root, name), join(copy, name), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
  for (const [file, text] of planted(plant, (each) => readFileSync(join(copy, each), "utf8")))
    writeFileSync(join(copy, file), text);
  const startedAt = performance.now();
  const args = ["--import", "tsx", "test/chaos/main.ts", "--seed", firstSeed, "--schedules", schedules];
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
