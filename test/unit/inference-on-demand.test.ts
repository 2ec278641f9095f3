/** The service that is begun by whoever needs it: a look whether it is there begins nothing. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { type InferenceOnDemand, openInference, type Service } from "../../scripts/local/inference-on-demand.ts";

let opened: InferenceOnDemand | undefined;
afterEach(() => opened?.stop());

async function realService(): Promise<Service> {
  const server = createServer((request, response) => response.end(`${request.method} ${request.url}`));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const stop = async (): Promise<void> => {
    server.closeAllConnections();
    server.close();
  };
  return { port: (server.address() as AddressInfo).port, stop };
}

const statusOf = async (url: string): Promise<number> => (await fetch(url, { method: "HEAD" })).status;

test("[M11] who asks whether it is there is told at once, and it is begun by the first who needs it", async () => {
  let begun = 0;
  opened = await openInference(() => {
    begun += 1;
    return realService();
  });
  const url = `${opened.url}/speaker/resolve`;
  expect([await statusOf(url), await statusOf(url), begun]).toEqual([200, 200, 0]);
  const answer = await fetch(url, { method: "POST", body: "x".repeat(1_000_000) });
  expect([await answer.text(), begun]).toEqual(["POST /speaker/resolve", 1]);
  expect([await statusOf(url), begun]).toEqual([200, 1]);
});

test("[X8] one that could not be begun is not there, until it is", async () => {
  let isBroken = true;
  opened = await openInference((ended) => {
    if (!isBroken) return realService();
    ended();
    return Promise.reject(new Error("it does not begin"));
  });
  const url = `${opened.url}/speaker/resolve`;
  await expect(fetch(url, { method: "POST", body: "{}" })).rejects.toThrow("fetch failed");
  // Begun anew by the next who needs it; a look alone does not try.
  expect(await statusOf(url)).toBe(503);
  isBroken = false;
  expect((await fetch(url, { method: "POST", body: "{}" })).status).toBe(200);
  expect(await statusOf(url)).toBe(200);
});

test("[X8] while it begins it is there", async () => {
  const gate = Promise.withResolvers<undefined>();
  opened = await openInference(async () => {
    await gate.promise;
    return realService();
  });
  const url = `${opened.url}/speaker/resolve`;
  const answer = fetch(url, { method: "POST", body: "{}" });
  expect(await statusOf(url)).toBe(200);
  gate.resolve(undefined);
  expect((await answer).status).toBe(200);
});
