/** The page of docs/recorder, and the sample of docs/client.md, as a person uses them. */
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { type BrowserContext, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, inject, test } from "vitest";
import { workletSource } from "../../client/browser/worklet-source.ts";
import { newSession, sessionState } from "../support/gateway-http.ts";
import { useGateway } from "../support/use-gateway.ts";

const gateway = useGateway();
const found = inject("chromium");
const root = fileURLToPath(new URL("../..", import.meta.url));
const args = ["--no-sandbox", "--disable-gpu", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"];

let server: Server | undefined;
let url = "";
const files = new Map<string, { type: string; text: string }>();
const contexts: BrowserContext[] = [];

async function bundled(
  entry: { entryPoints: string[] } | { stdin: { contents: string; loader: "ts"; resolveDir: string } },
) {
  const { outputFiles } = await build({ ...entry, bundle: true, format: "esm", write: false });
  return { type: "text/javascript", text: outputFiles[0]?.text ?? "" };
}

/** The browser's sample of the document. */
async function documented(): Promise<string> {
  const text = await readFile(`${root}/docs/client.md`, "utf8");
  const blocks = [...text.matchAll(/```ts\n([^]*?)```/g)].map(([, code = ""]) => code);
  const sample = blocks.find((code) => code.includes("openMicrophone"));
  if (sample === undefined) throw new Error("docs/client.md has no sample for browsers");
  return sample;
}

beforeAll(async () => {
  if (!found) return;
  const html = await readFile(`${root}/docs/recorder/index.html`, "utf8");
  files.set("/", { type: "text/html", text: html.replace("./recorder.ts", "/recorder.js") });
  files.set("/recorder.js", await bundled({ entryPoints: [`${root}/docs/recorder/recorder.ts`] }));
  const sample = '<button id="start"></button><button id="stop"></button><p id="status"></p>';
  files.set("/sample", {
    type: "text/html",
    text: `<!doctype html>${sample}<script type="module" src="/sample.js"></script>`,
  });
  const contents = (await documented())
    .replace("location.origin", JSON.stringify(gateway.url))
    .replace('"demo-2"', 'new URLSearchParams(location.search).get("session") ?? ""');
  files.set("/sample.js", await bundled({ stdin: { contents, loader: "ts", resolveDir: root } }));
  files.set("/my-backend/token", { type: "text/plain", text: "any.token.does" });
  files.set("/worklet.js", { type: "text/javascript", text: workletSource });
  files.set("/strict", { type: "text/html", text: '<!doctype html><script type="module" src="/strict.js"></script>' });
  const strict = `import { openMicrophone } from "@roomtone/client/browser";
    const opened = (options) => openMicrophone({}, options).then((one) => one.close().then(() => "opened"), (cause) => cause.name);
    globalThis.tried = Promise.all([opened(), opened({ workletUrl: "/worklet.js" })]);`;
  files.set("/strict.js", await bundled({ stdin: { contents: strict, loader: "ts", resolveDir: root } }));
  server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "", url);
    const file = files.get(pathname);
    if (pathname === "/strict") response.setHeader("content-security-policy", "script-src 'self'");
    response.writeHead(file ? 200 : 404, { "content-type": file?.type ?? "text/plain" }).end(file?.text);
  });
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  for (const context of contexts.splice(0)) await context.close();
});
afterAll(() => {
  server?.close();
  server?.closeAllConnections();
});

/** @returns the page, and what went wrong in it without being caught. */
async function open(path: string): Promise<{ page: Page; errors: string[] }> {
  if (!found) throw new Error("there is no browser here");
  const browser = await chromium.launch({ executablePath: found.path, env: { ...process.env, ...found.env }, args });
  const context = await browser.newContext({ permissions: ["microphone"] });
  contexts.push(context);
  context.on("close", () => void browser.close());
  const page = await context.newPage();
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  await page.addInitScript(shareAnOscillator);
  await page.goto(`${url}${path}`);
  return { page, errors };
}

/** What the person shares: a headless browser has no screen. */
function shareAnOscillator(): void {
  navigator.mediaDevices.getDisplayMedia = () => {
    const context = new AudioContext();
    const sound = context.createMediaStreamDestination();
    const tone = new OscillatorNode(context, { frequency: 440 });
    tone.connect(sound);
    tone.start();
    return Promise.resolve(
      new MediaStream([...sound.stream.getTracks(), ...document.createElement("canvas").captureStream().getTracks()]),
    );
  };
}

const received = async (sessionId: string, track: string): Promise<number> =>
  (await sessionState(gateway, sessionId)).ingest_by_track[track]?.received_chunks ?? 0;

test.skipIf(!found)(
  "[O4] the recorder's page records the microphone and a shared tab, shows what is kept, and ends with all of it kept",
  async () => {
    const sessionId = newSession();
    const { page, errors } = await open(`/?gateway=${gateway.url}&session=${sessionId}`);
    await page.locator("#share").check();
    await page.locator("#start").click();
    for (const track of ["tab", "mic"]) {
      const line = page.locator(`[data-track=${track}]`);
      await line.locator("output", { hasText: /live, [2-9] s kept/ }).waitFor();
      await expect
        .poll(() => line.locator("meter").evaluate((meter: HTMLMeterElement) => meter.value))
        .toBeGreaterThan(0.01);
    }
    expect(await page.locator("#device option").count(), "devices by name").toBeGreaterThan(1);
    await page.locator("#stop").click();
    await expect
      .poll(() => page.locator("output").allTextContents())
      .toEqual(["all of it is kept", "all of it is kept"]);
    expect(await received(sessionId, "tab")).toBeGreaterThanOrEqual(2);
    expect(await received(sessionId, "mic")).toBeGreaterThanOrEqual(2);
    expect(errors).toEqual([]);
  },
  60_000,
);

/** In the page: two channels that are each other's opposite. */
function shareOpposites(): void {
  navigator.mediaDevices.getDisplayMedia = () => {
    const context = new AudioContext();
    const sound = context.createMediaStreamDestination();
    const tone = new OscillatorNode(context, { frequency: 440 });
    const [opposite, both] = [
      new GainNode(context, { gain: -1 }),
      new ChannelMergerNode(context, { numberOfInputs: 2 }),
    ];
    tone.connect(both, 0, 0).connect(sound);
    tone.connect(opposite).connect(both, 0, 1);
    tone.start();
    return Promise.resolve(sound.stream);
  };
}

test.skipIf(!found)(
  "[C7] the recorder's page says that channels cancel each other out",
  async () => {
    const { page, errors } = await open(`/?gateway=${gateway.url}&session=${newSession()}`);
    await page.evaluate(shareOpposites);
    await page.locator("#share").check();
    await page.locator("#start").click();
    await page.locator("[data-track=tab] output", { hasText: /its channels cancel each other out/ }).waitFor();
    await page.locator("#stop").click();
    expect(errors).toEqual([]);
  },
  60_000,
);

test.skipIf(!found)(
  "[O4] a page of an ended track, a share without sound and a refusal say so, and break nothing",
  async () => {
    const sessionId = newSession();
    const address = `/?gateway=${gateway.url}&session=${sessionId}`;
    const { page, errors } = await open(address);
    await page.evaluate(() => {
      navigator.mediaDevices.getDisplayMedia = () => Promise.resolve(document.createElement("canvas").captureStream());
    });
    await page.locator("#share").check();
    await page.locator("#start").click();
    await page.locator("[data-track=tab] output", { hasText: "No sound was shared" }).waitFor();
    await page.locator("[data-track=mic] output", { hasText: /live, [1-9] s kept/ }).waitFor();
    await page.locator("#stop").click();
    await page.locator("output", { hasText: "all of it is kept" }).waitFor();
    await page.locator("#start").click();
    await page.locator("[data-track=mic] output", { hasText: "has ended" }).waitFor();
    expect(await page.locator("#start").isEnabled()).toBe(true);
    expect(errors).toEqual([]);
  },
);

test.skipIf(!found)("[O4] the sample of the document records, and says so", async () => {
  const sessionId = newSession();
  const { page, errors } = await open(`/sample?session=${sessionId}`);
  await page.locator("#start").click();
  await page.locator("#status", { hasText: /live, \d s not kept yet/ }).waitFor();
  await expect.poll(() => received(sessionId, "mic").catch(() => 0), { timeout: 15_000 }).toBeGreaterThanOrEqual(2);
  await page.locator("#stop").click();
  await page.locator("#status", { hasText: "all of it is kept" }).waitFor();
  expect(errors).toEqual([]);
});

test.skipIf(!found)("[O4] a page whose policy forbids blob: URLs names the worklet's file", async () => {
  const { page } = await open("/strict");
  const tried = await page.evaluate(() => (globalThis as unknown as { tried: Promise<string[]> }).tried);
  expect(tried).toEqual(["AbortError", "opened"]);
});
