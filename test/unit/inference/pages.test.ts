/** Web pages and the inference service, which asks nobody for a key unless it is told to: programs alone are answered. */
import { once } from "node:events";
import { request } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type InferenceServer, serveParts } from "../../../server/inference/http/server.ts";

const parts = [{ routes: { "POST /ask": () => Response.json({ said: true }) }, summary: "" }];
let open: InferenceServer;
let keyed: InferenceServer;
beforeAll(async () => {
  open = await serveParts({ host: "127.0.0.1", port: 0, apiKey: undefined, parts });
  keyed = await serveParts({ host: "127.0.0.1", port: 0, apiKey: "secret", parts });
});
afterAll(() => Promise.all([open.close(), keyed.close()]));

/** Not `fetch`, which lets nobody choose these headers. */
async function statusOf(server: InferenceServer, headers: Record<string, string>, method = "POST"): Promise<number> {
  const { port } = new URL(server.url);
  const path = method === "POST" ? "/ask" : "/health";
  const asked = request({ host: "127.0.0.1", port, path, method, headers });
  asked.end();
  const [answer] = (await once(asked, "response")) as [{ statusCode: number; resume: () => void }];
  answer.resume();
  return answer.statusCode;
}

test.each<[string, Record<string, string>]>([
  ["a page of anywhere", { origin: "https://evil.example" }],
  ["a page of this machine", { origin: "http://localhost:3000" }],
  ["a sandboxed page", { origin: "null" }],
  ["a page that a browser vouches for", { "sec-fetch-site": "cross-site" }],
  ["a page whose name was made to lead here", { host: "evil.example:9100" }],
  ["a page whose name only looks like this machine", { host: "localhost.evil.example" }],
])("[P17] %s is not answered", async (_, headers) => {
  for (const method of ["GET", "POST"]) expect(await statusOf(open, headers, method)).toBe(403);
});

test.each(["127.0.0.1:9100", "localhost:9100", "[::1]:9100"])("[P17] a program that calls %s is", async (host) => {
  expect(await statusOf(open, { host })).toBe(200);
});

test("[P17] with a key it is the key that counts", async () => {
  const page = { origin: "https://app.example", host: "models.example" };
  expect(await statusOf(keyed, page)).toBe(401);
  expect(await statusOf(keyed, { ...page, "x-api-key": "secret" })).toBe(200);
});
