/**
 * A page of another origin than the gateway's, closed off as far as pages can be (COOP, COEP, a policy of its own), goes once around: it asks in
 * a chat, has the answer spoken, plays it, uploads it as a recording, and gets its text back; then the provider is down, and it is told who
 * answers instead. Nothing of it is an error in the browser's console.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { GatewayProcess } from "../../scripts/local/gateway-process.ts";
import { isWithoutBrowser, useBrowser } from "./support/use-browser.ts";

const sentence = "The launch is on the ninth of March.";
let isDown = false;
const provider = createServer((request, response) => {
  request.resume();
  if (isDown) return void response.writeHead(503).end();
  const chunk = JSON.stringify({ choices: [{ delta: { content: sentence }, finish_reason: "stop" }] });
  response.writeHead(200, { "content-type": "text/event-stream" }).end(`data: ${chunk}\n\ndata: [DONE]\n\n`);
});
let gatewayUrl = "";
const page = createServer((_, response) => {
  response.writeHead(200, {
    "content-type": "text/html",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
    "content-security-policy": `default-src 'none'; connect-src ${gatewayUrl}; media-src blob:; img-src data:`,
  });
  response.end(`<!doctype html><link rel="icon" href="data:,"><title>Cycle</title>`);
});
const listen = async (server: typeof page): Promise<string> => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};
let gateway: GatewayProcess | undefined;
let pageUrl = "";
const browsers = useBrowser();

beforeAll(async () => {
  if (isWithoutBrowser) return;
  pageUrl = await listen(page);
  const models = await listen(provider);
  gateway = new GatewayProcess({
    env: {
      ALLOWED_ORIGINS: pageUrl,
      OPENAI_BASE_URL: `${models}/v1`,
      CHAT_MODEL: "openai/writes",
      TTS_MODEL: "embedded/flite",
    },
  });
  await gateway.start();
  gatewayUrl = gateway.url;
}, 120_000);
afterAll(async () => {
  await gateway?.dispose();
  for (const server of [page, provider]) {
    server.close();
    server.closeAllConnections();
  }
});

/** In the page: a question, as events. @returns all of them. */
async function ask(url: string): Promise<string> {
  const answer = await fetch(`${url}/v1/chat`, {
    method: "POST",
    headers: { accept: "text/event-stream", "content-type": "application/json" },
    body: JSON.stringify({ message: "When is the launch?", meetings: [] }),
  });
  return answer.text();
}

/** In the page: has a text spoken, plays it, and has what was spoken heard again. */
async function around({ url, text }: { url: string; text: string }) {
  const spoken = await fetch(`${url}/api/tts`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ text, userName: "ada" }),
  });
  const recording = await spoken.blob();
  const audio = new Audio(URL.createObjectURL(recording));
  audio.muted = true;
  await audio.play();
  const form = new FormData();
  form.append("audio", recording, "answer.wav");
  form.append("userName", "ada");
  const heard = await fetch(`${url}/api/stt`, { method: "POST", body: form });
  return {
    type: spoken.headers.get("content-type"),
    bytes: recording.size,
    isIsolated: globalThis.crossOriginIsolated,
    heard: (await heard.json()) as { text: string; traceId: string },
  };
}

test.skipIf(isWithoutBrowser)(
  "[O6] [J7] a chat's answer is spoken, uploaded and heard again from another origin, and a provider that is down is told, without an error in the console",
  async () => {
    const { context } = await browsers.launch();
    const tab = await context.newPage();
    const errors: string[] = [];
    tab.on("pageerror", (error) => errors.push(error.message));
    tab.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") errors.push(message.text());
    });
    await tab.goto(pageUrl);
    expect(await tab.evaluate(ask, gatewayUrl)).toContain(`"text":"${sentence}"`);
    const cycle = await tab.evaluate(around, { url: gatewayUrl, text: sentence });
    expect(cycle).toMatchObject({ type: "audio/wav", isIsolated: true });
    expect(cycle.bytes).toBeGreaterThan(16_000);
    expect(cycle.heard.text).toMatch(/launch.*march/i);
    expect(cycle.heard.traceId).toMatch(/^[0-9a-f]{32}$/);
    isDown = true;
    const instead = await tab.evaluate(ask, gatewayUrl);
    expect(instead).toMatch(/event: begin\ndata: \{"model":"embedded\/extractive","instead_of":"openai\/writes"\}/);
    expect(instead).toContain("event: done");
    expect(errors).toEqual([]);
  },
  120_000,
);
