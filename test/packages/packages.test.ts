/** `@roomtone/client` and `@roomtone/cli` as others have them: from tarballs, in a project outside the repository. */
import { globSync } from "node:fs";
import { copyFile, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { publint } from "publint";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { finalize } from "../client/support/meeting.ts";
import { newSession, sessionState } from "../support/gateway-http.ts";
import { useGateway } from "../support/use-gateway.ts";
import { installNodes } from "./support/nodes.ts";
import { createProject, firstExample, type Project, repository, write } from "./support/project.ts";
import { run } from "./support/run.ts";

const majors = ["20", "22", "24"] as const;
const sample = join(repository, "scripts/demo/sample/interview.wav");
const sampleSeconds = 71;
const gateway = useGateway({});
let project: Project;
let nodes: ReadonlyMap<string, string>;

beforeAll(async () => {
  [project, nodes] = await Promise.all([createProject(), installNodes()]);
});
afterAll(() => rm(project.folder, { recursive: true, force: true }));

function node(major: string, args: readonly string[], cwd: string): Promise<string> {
  return run(nodes.get(major) ?? major, args, { cwd, env: { ROOMTONE_URL: gateway.url } });
}

describe("what is packed", () => {
  test("publint and arethetypeswrong have nothing to say", async () => {
    for (const tarball of project.tarballs) {
      const bytes = await readFile(tarball);
      const { messages } = await publint({ pack: { tarball: Uint8Array.from(bytes).buffer }, strict: true });
      expect(messages).toEqual([]);
    }
    const attw = join(repository, "node_modules/@arethetypeswrong/cli/dist/index.js");
    await run(process.execPath, [attw, "--profile", "esm-only", ...project.tarballs.slice(0, 1)], {
      cwd: project.folder,
    });
  });

  test("no sources, no tests, and the licence of the repository", async () => {
    const { version, license } = JSON.parse(await readFile(join(repository, "package.json"), "utf8")) as object & {
      version: string;
      license: string;
    };
    for (const name of ["client", "cli"]) {
      const folder = join(project.folder, "node_modules/@roomtone", name);
      const manifest: unknown = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
      expect(manifest).toMatchObject({ version, license, files: ["dist"] });
      const files = globSync("**/*", { cwd: folder });
      expect(files.filter((file) => /(?<!\.d)\.ts$|\.test\./.test(file))).toEqual([]);
    }
  });
});

describe("types", () => {
  const nodeCode = `
    import { type CaptureEnd, createResultsClient, openFileOutbox, type PcmFormat, startCapture } from "@roomtone/client/node";
    import { FaultProxy } from "@roomtone/client/testkit";
    const format: PcmFormat = { sampleRate: 16_000, channels: 1 };
    const capture = await startCapture({ baseUrl: "x", sessionId: "y", format, outbox: await openFileOutbox({ folder: "z" }) });
    capture.on("acked", ({ seq }) => { const n: number = seq; void n; });
    const end: CaptureEnd = await capture.end();
    const name: string | null | undefined = (await createResultsClient({ baseUrl: "x" }).result("y")).timeline[0]?.speaker_name;
    // @ts-expect-error a session id is text
    await startCapture({ baseUrl: "x", sessionId: 7, format });
    export { end, FaultProxy, name };
  `;
  const browserCode = `
    import { openIdbOutbox, openMicrophone, startCapture } from "@roomtone/client/browser";
    import { createResultsClient } from "@roomtone/client";
    const { format, pipeTo } = await openMicrophone({ echoCancellation: false });
    pipeTo(await startCapture({ baseUrl: "x", sessionId: "y", live: true, format, outbox: await openIdbOutbox({ name: "z" }) }));
    for await (const event of createResultsClient({ baseUrl: "x" }).liveEvents("y")) console.log(event.event_id);
  `;
  const shared = { target: "ES2022", strict: true, noEmit: true, skipLibCheck: false };
  const worlds = {
    node: { code: nodeCode, options: { lib: ["ES2022"], types: ["node"] } },
    browser: { code: browserCode, options: { lib: ["ES2022", "DOM", "DOM.Iterable"], types: [] } },
  };
  const resolutions = {
    nodenext: { module: "NodeNext", moduleResolution: "NodeNext" },
    node16: { module: "Node16", moduleResolution: "Node16" },
    bundler: { module: "ESNext", moduleResolution: "Bundler" },
  };
  const cases = ["5.6.3", "current"].flatMap((compiler) =>
    (["node", "browser"] as const).flatMap((world) =>
      (["nodenext", "node16", "bundler"] as const).map((resolution) => ({ compiler, world, resolution })),
    ),
  );

  test.for(cases)("TypeScript $compiler, $world, $resolution", async ({ compiler, world, resolution }) => {
    const { code, options } = worlds[world];
    const folder = join("types", `${compiler}-${world}-${resolution}`);
    const compilerOptions = { ...shared, ...options, ...resolutions[resolution] };
    await write(project.folder, join(folder, "index.ts"), code);
    await write(
      project.folder,
      join(folder, "tsconfig.json"),
      JSON.stringify({ compilerOptions, files: ["index.ts"] }),
    );
    const tsc = project.compilers[compiler] ?? "";
    expect(await run(process.execPath, [tsc, "-p", folder], { cwd: project.folder })).toBe("");
  });
});

test("a web page is built with vite, and nothing of Node is in it", async () => {
  await write(project.folder, "web/index.html", '<script type="module" src="./main.js"></script>');
  await write(
    project.folder,
    "web/main.js",
    'import * as roomtone from "@roomtone/client/browser"; Object.assign(globalThis, { roomtone });',
  );
  const vite = join(repository, "node_modules/vite/bin/vite.js");
  await run(process.execPath, [vite, "build", "web", "--logLevel", "error"], { cwd: project.folder });
  const files = globSync("web/dist/assets/*.js", { cwd: project.folder });
  expect(files).toHaveLength(1);
  const code = await readFile(join(project.folder, files[0] ?? ""), "utf8");
  expect(code).toContain("roomtone-source");
  expect(code).not.toMatch(/node:|require\(/);
});

describe("ten lines of TypeScript", () => {
  let lines = "";
  beforeAll(async () => {
    lines = await firstExample("docs/client.md");
  });

  test("they are ten at most, and the same in both documents", async () => {
    expect(
      lines
        .trim()
        .split("\n")
        .filter((line) => line !== "").length,
    ).toBeLessThanOrEqual(10);
    expect(await firstExample("client/README.md")).toBe(lines);
  });

  test.for(majors)("[K1] they stream a file whole on Node %s", async (major) => {
    const session = newSession();
    const folder = join(project.folder, `ten-${major}`);
    await write(folder, "stream.ts", lines.replaceAll("interview-1", session));
    await copyFile(sample, join(folder, "interview.wav"));
    const options = ["--module", "nodenext", "--target", "es2022", "--types", "node", "--strict", "--skipLibCheck"];
    await run(process.execPath, [project.compilers["current"] ?? "", "stream.ts", ...options], { cwd: folder });
    expect(await node(major, ["stream.js"], folder)).toContain("complete: true");
    const { ingest } = await sessionState(gateway, session);
    expect(ingest).toMatchObject({ received_chunks: sampleSeconds, missing_chunks: 0, duplicate_chunks: 0 });
  });
});

test.for(majors)("what is made of a meeting's events is made on Node %s", async (major) => {
  const code = `
    import { offsetsOf, placeTurns, srtOf, timelineOf, transcriptOf, viewOf, vttOf } from "@roomtone/client";
    const common = { at: "2026-01-01T00:00:00.000Z", track: "mic" };
    const events = [
      { ...common, event_id: 1, type: "speaker.resolved", from_seq: 1, to_seq: 4, cluster_id: "c1", start_ms: 0, end_ms: 4000 },
      { ...common, event_id: 2, type: "utterance.added", utterance: { utterance_id: "u1", track: "mic", start_ms: 500, end_ms: 3000, text: "Hello" } },
    ];
    const turns = placeTurns(timelineOf(events), offsetsOf([{ track: "mic", origin_ms: null }]));
    const segments = [{ start_ms: 500, end_ms: 3000, text: "Hello" }];
    console.log(turns.length, transcriptOf(events, turns).length, viewOf(events).bindings.size, srtOf(segments) + vttOf(segments));
  `;
  await write(project.folder, "events.js", code);
  expect(await node(major, ["events.js"], project.folder)).toMatch(/^1 1 0 1\n.*00:00:00,500.*WEBVTT/s);
});

describe("the command", () => {
  const bin = "node_modules/@roomtone/cli/dist/client/cli/main.js";

  test.for(majors)("[K1] it streams a file whole on Node %s, and the meeting is finalized", async (major) => {
    const session = newSession();
    const args = ["capture", sample, "--session", session, "--url", gateway.url, "--spool", `spool-${major}`];
    const report: unknown = JSON.parse(await node(major, [bin, ...args], project.folder));
    expect(report).toMatchObject({ complete: true, seconds: sampleSeconds, missing: [], lost: [] });
    const result = await finalize(gateway, session, { mixed: sampleSeconds });
    expect(result.coverage).toBe(1);
  });

  test("npx finds it; it says its version and what it can do", async () => {
    const { version } = JSON.parse(await readFile(join(repository, "package.json"), "utf8")) as { version: string };
    const offline = ["--offline", "roomtone"];
    expect((await run("npx", [...offline, "--version"], { cwd: project.folder })).trim()).toBe(version);
    expect(await run("npx", [...offline, "--help"], { cwd: project.folder })).toContain("capture");
  });
});
