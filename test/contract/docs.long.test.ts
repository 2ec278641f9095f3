/** What the docs tell people to type does what they say: their blocks, in order, against a gateway. */
import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { send } from "../support/gateway-http.ts";
import { useGateway } from "../support/use-gateway.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "roomtone-docs-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const jwtSecret = "the-secret-of-the-docs-at-least-32-bytes-long";
const open = useGateway();
const guarded = useGateway({ env: { AUTH_MODE: "required", JWT_SECRET: jwtSecret } });
const longMs = 180_000;

/** Code blocks of a document, those that hold a text. */
function block(file: string, language: string, holding: string): string {
  const text = readFileSync(join(root, file), "utf8");
  const blocks = [...text.matchAll(new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, "gs"))].map(([, code = ""]) => code);
  const found = blocks.find((code) => code.includes(holding));
  if (found === undefined) throw new Error(`${file} has no ${language} block with ${holding}`);
  return found;
}

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function run(command: string, args: readonly string[], env: Record<string, string> = {}): Promise<Ran> {
  // A home of its own, since the command keeps its spool there; the project's own Node before the system's.
  const PATH = [dirname(process.execPath), process.env["PATH"] ?? ""].join(delimiter);
  const options = { cwd: root, env: { ...process.env, HOME: folder, PATH, ...env }, maxBuffer: 16_000_000 };
  return new Promise((resolve) => {
    execFile(command, [...args], options, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === "number" ? error.code : error ? 1 : 0, stdout, stderr });
    });
  });
}

const has = (command: string): boolean => {
  try {
    execFileSync(command, ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
};
const hasShell = has("bash") && has("curl");

/** Runs the lines in one shell and prints a mark after each, so that what each of them said is known. */
async function runLines(code: string, url: string, env: Record<string, string> = {}): Promise<string[]> {
  const lines = code.trimEnd().split("\n");
  const script = lines.map((line) => `${line.replaceAll("http://127.0.0.1:8787", url)}\necho; echo "<$?>"`).join("\n");
  const { stdout, stderr } = await run("bash", ["-c", script], env);
  const said = stdout.split(/^<\d+>$/m).map((text) => text.trim());
  const codes = [...stdout.matchAll(/^<(\d+)>$/gm)].map(([, exit]) => Number(exit));
  // 28: the events of a meeting that goes on are cut off by curl's own time.
  expect({ codes: codes.filter((exit) => exit !== 0 && exit !== 28), stderr, said }).toMatchObject({ codes: [] });
  expect(said.filter((text) => /"status":[45]\d\d,/.test(text))).toEqual([]);
  return said;
}

test.runIf(hasShell)(
  "README: each line of the first block shows something",
  async () => {
    const code = block("README.md", "sh", "bindings/speaker_3");
    const said = await runLines(code, open.url);
    expect(said[0]).toContain('"session_id":"board-1"');
    expect(said[1]).toContain('"complete":true');
    expect(said[2]).toContain("event: speaker.resolved");
    expect(said[3]).toContain('"speaker_name":"Callum"');
    expect(JSON.parse(said[5] ?? "")).toMatchObject({ session_id: "board-1", coverage: 1 });
    expect(said[5]).toContain("Callum");
    expect(said[7]).toContain("event: done");
  },
  longMs,
);

test("README: the sample of the bare protocol passes the lint of this checkout, and runs to its end", async () => {
  const code = block("README.md", "js", "new WebSocket(");
  const file = join(folder, "tone.mjs");
  writeFileSync(file, code.replaceAll("127.0.0.1:8787", new URL(open.url).host));
  const oxlint = join(root, "node_modules", ".bin", "oxlint");
  const lint = await run(oxlint, ["--deny-warnings", "-c", join(root, ".oxlintrc.json"), file]);
  expect({ ...lint, stdout: lint.code === 0 ? "" : lint.stdout }).toMatchObject({ code: 0, stdout: "" });
  const { code: exit, stdout } = await run(process.execPath, [file]);
  const types = stdout
    .trim()
    .split("\n")
    .map((line) => (JSON.parse(line) as { type: string }).type);
  expect([exit, types]).toEqual([0, ["ready", "ack", "status", "closing"]]);
});

test.runIf(hasShell)(
  "docs/access.md: from nothing to a result, top to bottom",
  async () => {
    const code = block("docs/access.md", "sh", "ROOMTONE_TOKEN=$TOKEN");
    const env = { AUTH_MODE: "required", JWT_SECRET: jwtSecret, STATE_DIR: guarded.stateDir };
    const said = await runLines(code, guarded.url, env);
    expect(said[3]).toContain('"complete":true');
    expect(JSON.parse(said[5] ?? "")).toMatchObject({ session_id: "board-7", coverage: 1 });
  },
  longMs,
);

test.runIf(has("python3"))(
  "docs/python.md: the sample streams a recording, and all of it is kept",
  async () => {
    const file = join(folder, "stream.py");
    writeFileSync(file, block("docs/python.md", "python", "import base64"));
    const { hostname, port } = new URL(open.url);
    const wav = join(root, "scripts/demo/sample/interview.wav");
    expect(existsSync(wav)).toBe(true);
    const ran = await run("python3", [file, hostname, port, "from-python", wav]);
    expect(ran).toMatchObject({ code: 0, stdout: '{"kept": 71, "complete": true}\n', stderr: "" });
    const { text } = await send(open, "/v1/sessions/from-python");
    expect(JSON.parse(text)).toMatchObject({ coverage: 1, tracks: [{ kept_seconds: 71, is_ended: true }] });
  },
  longMs,
);
