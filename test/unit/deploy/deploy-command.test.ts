/** The command itself, over a program in wrangler's place. */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";

const answers = `
const { appendFileSync, existsSync } = require("node:fs");
const args = process.argv.slice(2);
const config = args[args.indexOf("--config") + 1];
const of = config.includes("/app/") ? "app" : "gateway";
appendFileSync(process.env.CALLS, of + (existsSync(config) ? ": " : " without a file: ") + args.join(" ") + "\\n");
const at = (id, day) => ({ created_on: "2026-11-" + day, versions: [{ version_id: id, percentage: 100 }] });
if (process.env.REFUSES) {
  console.error("\\u001b[31mX [ERROR] In a non-interactive environment, it's necessary to set a CLOUDFLARE_API_TOKEN environment variable");
  process.exit(1);
}
if (args[0] === "deployments") console.log(JSON.stringify([at(of + "-1", "01"), at(of + "-2", "02")]));
`;

async function deploy(...args: string[]): Promise<{ code: number; output: string; calls: string }> {
  const folder = await mkdtemp(join(tmpdir(), "roomtone-wrangler-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const [program, callsFile] = [join(folder, "wrangler.cjs"), join(folder, "calls")];
  await writeFile(program, answers);
  await writeFile(callsFile, "");
  const env = { ...process.env, ROOMTONE_WRANGLER: program, CALLS: callsFile };
  const ended = await promisify(execFile)(process.execPath, ["scripts/deploy.ts", ...args], { env }).then(
    ({ stdout, stderr }) => ({ code: 0, output: stdout + stderr }),
    (cause: { code: number; stdout: string; stderr: string }) => ({
      code: cause.code,
      output: cause.stdout + cause.stderr,
    }),
  );
  return { ...ended, calls: await readFile(callsFile, "utf8") };
}

test("goes back in one command, in the environment that is named, with a configuration that is gone afterwards", async () => {
  const { code, output, calls } = await deploy("--rollback", "--env", "staging");
  expect(output).toContain("The gateway: from gateway-2 to gateway-1\nThe app: from app-2 to app-1\n");
  expect(code).toBe(0);
  const lines = calls.trim().split("\n");
  expect(lines.map((line) => line.split(" ").slice(0, 3).join(" "))).toEqual([
    "gateway: deployments list",
    "app: deployments list",
    "gateway: rollback gateway-1",
    "app: rollback app-1",
  ]);
  expect(lines.filter((line) => !line.endsWith("wrangler.deploying.json --env staging"))).toEqual([]);
});

test("asks which environment: none is meant by silence", async () => {
  const { code, output, calls } = await deploy("--rollback");
  expect([code, calls]).toEqual([1, ""]);
  expect(output).toContain("Which environment? --env development, staging or production.");
});

test("a roll-back that is not logged in says so, and what to do", async () => {
  process.env["REFUSES"] = "1";
  onTestFinished(() => {
    delete process.env["REFUSES"];
  });
  const { code, output, calls } = await deploy("--rollback", "--env", "staging");
  expect([code, output]).toEqual([
    1,
    "wrangler is not logged in: `npx wrangler login`, or set CLOUDFLARE_API_TOKEN.\n",
  ]);
  expect(calls).not.toContain("rollback");
});
