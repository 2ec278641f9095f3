/** A body that breaks off, through the front listener: one answer, and none of its body where the request was a HEAD. */
import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { text } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import { openFront } from "../../server/front/front.ts";

/** @param answers whether the runtime answers without waiting for the body. @returns all that the client gets. */
async function answerTo(method: string, answers: boolean, headers = ""): Promise<string> {
  const asked = Promise.withResolvers<void>();
  const runtime = createServer((_, response) => {
    asked.resolve();
    if (answers) response.writeHead(401, { "content-length": "2" }).end("no");
  }).listen(0, "127.0.0.1");
  await once(runtime, "listening");
  const target = new URL(`http://127.0.0.1:${(runtime.address() as AddressInfo).port}`);
  const front = await openFront({ hostname: "127.0.0.1", port: 0, target, maxConnections: 8 });
  onTestFinished(async () => {
    await front.stop();
    runtime.closeAllConnections();
    runtime.close();
  });
  const client = connect({ port: Number(new URL(front.url).port), host: "127.0.0.1", allowHalfOpen: true });
  client.write(`${method} /v1/x HTTP/1.1\r\nHost: a\r\n${headers}Transfer-Encoding: chunked\r\n\r\n5\r\nab`);
  const got = text(client);
  if (answers) await asked.promise;
  client.end();
  return got;
}

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";

test("[Z3] what the listener answers itself is in the trace that the request named; one that is malformed counts as none", async () => {
  const named = await answerTo("POST", false, `traceparent: 00-${traceId}-00f067aa0ba902b7-01\r\n`);
  expect(named).toContain(`x-trace-id: ${traceId}\r\n`);
  expect(named).toContain(`"trace_id":"${traceId}"`);
  const malformed = await answerTo("POST", false, `traceparent: 00-${traceId}-${"0".repeat(16)}-01\r\n`);
  expect(malformed).toMatch(/x-trace-id: [0-9a-f]{32}\r\n/);
  expect(malformed).not.toContain(traceId);
});

test.each(["HEAD", "POST"])("[L7] a %s whose body breaks off before its answer is told so, once", async (method) => {
  const got = await answerTo(method, false);
  expect(got).toMatch(/^HTTP\/1.1 400 /);
  expect(got.split("HTTP/1.1 ")).toHaveLength(2);
  expect(got.endsWith("\r\n\r\n")).toBe(method === "HEAD");
});

test.each(["HEAD", "POST"])("[L7] a %s whose body breaks off gets no second answer", async (method) => {
  const got = await answerTo(method, true);
  expect(got).toMatch(/^HTTP\/1.1 40[01] /);
  expect(got.split("HTTP/1.1 ")).toHaveLength(2);
  expect(got.endsWith("\r\n\r\n")).toBe(method === "HEAD");
});
