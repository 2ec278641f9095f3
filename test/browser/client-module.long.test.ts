/** The page of docs/client.md that loads the library from the gateway, on another origin than the gateway's. */
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, expect, test } from "vitest";
import { createResultsClient } from "../../client/index.ts";
import { until } from "../../client/testkit/until.ts";
import { useGateway } from "../support/use-gateway.ts";
import { fakeMicrophone } from "./support/fake-microphone.ts";
import { noiseOf } from "./support/known-noise.ts";
import { isWithoutBrowser, useBrowser } from "./support/use-browser.ts";

const guide = readFileSync("docs/client.md", "utf8");
const [, example = ""] = /```html\n(<!doctype html>[\s\S]*?)\n```/.exec(guide) ?? [];

let page = "";
const server = createServer((request, response) => {
  const isToken = request.url?.startsWith("/my-backend/token");
  response.setHeader("content-type", isToken ? "text/plain" : "text/html");
  response.end(isToken ? "any" : page);
});
await new Promise<void>((resolve) => {
  server.listen(0, "127.0.0.1", resolve);
});
const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const gateway = useGateway({ env: { ALLOWED_ORIGINS: origin } });
const browsers = useBrowser();
const microphone = fakeMicrophone(noiseOf(20));
afterAll(() => {
  microphone.dispose();
  server.close();
  server.closeAllConnections();
});

test("[O6] the library is a module for pages of origins that are let in, and of no other", async () => {
  const loader = await fetch(`${gateway.url}/client.js`, { headers: { origin } });
  const { headers } = loader;
  const file = /^export \* from "\.\/(assets\/client-[\w-]+\.js)";\n$/.exec(await loader.text())?.[1];
  expect([loader.status, headers.get("content-type"), headers.get("cache-control")]).toEqual([
    200,
    "text/javascript; charset=utf-8",
    "public, max-age=300",
  ]);
  expect(headers.get("access-control-allow-origin")).toBe(origin);
  expect(headers.get("cross-origin-resource-policy")).toBe("cross-origin");
  const etag = headers.get("etag") ?? "";
  expect((await fetch(`${gateway.url}/client.js`, { headers: { origin, "if-none-match": etag } })).status).toBe(304);
  const module = await fetch(`${gateway.url}/${file}`, { headers: { origin } });
  expect([
    module.status,
    module.headers.get("cache-control"),
    module.headers.get("access-control-allow-origin"),
  ]).toEqual([200, "public, max-age=31536000, immutable", origin]);
  expect(module.headers.get("content-type")).toMatch(/javascript/);
  await module.arrayBuffer();
  for (const path of ["client.js", file]) {
    const answer = await fetch(`${gateway.url}/${path}`, { headers: { origin: "http://elsewhere.example" } });
    expect([path, answer.status]).toEqual([path, 403]);
  }
});

test.skipIf(isWithoutBrowser)(
  "[O6] one script tag on another origin's page captures its microphone",
  { timeout: 60_000 },
  async () => {
    expect(example).toContain("https://gateway.example/client.js");
    page = example.replaceAll("https://gateway.example", gateway.url);
    const { context } = await browsers.launch({ args: microphone.args });
    const tab = await context.newPage();
    await tab.goto(origin);
    await tab.click("#start");
    const client = createResultsClient({ baseUrl: gateway.url });
    const kept = async (): Promise<number> => {
      const { ingest } = await client.state("my-meeting");
      return ingest.received_chunks;
    };
    const says = async (words: RegExp): Promise<void> => {
      const look = async (): Promise<true | undefined> =>
        words.test((await tab.textContent("#status")) ?? "") || undefined;
      await until(look, { what: `the page to say ${words}` });
    };
    await says(/^live/);
    await until(async () => (await kept()) >= 3 || undefined, { what: "three seconds to be kept" });
    await tab.click("#stop");
    await says(/^(all of it is kept|kept, but)/);
    expect(await kept()).toBeGreaterThanOrEqual(3);
  },
);
