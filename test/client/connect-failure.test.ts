/** Why a connection could not be made: told in words, by whatever WebSocket there is. */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { createServer as createTcpServer } from "node:net";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { WebSocket as WsWebSocket } from "ws";
import { startCapture } from "../../client/capture/capture.ts";
import { connectFailure } from "../../client/capture/connect-failure.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

/** The first reason that a capture is given for trying again. */
async function reasonOf(baseUrl: string, WebSocket?: unknown, token?: () => string): Promise<string> {
  const capture = await startCapture({
    baseUrl,
    sessionId: "s",
    format: { sampleRate: 16_000, channels: 1 },
    random: () => 0,
    times: { connectTimeoutMs: 300 },
    ...(token && { token }),
    ...(WebSocket === undefined ? {} : { WebSocket }),
  });
  closers.push(() => capture.close());
  return new Promise((resolve) => capture.on("retrying", ({ reason }) => resolve(reason)));
}

async function portOf(server: { listen(port: number, host: string): unknown; address(): unknown }): Promise<number> {
  const listening = once(server as Server, "listening");
  server.listen(0, "127.0.0.1");
  await listening;
  return (server.address() as AddressInfo).port;
}

/** A server that answers each upgrade with this status. */
async function answering(status: number): Promise<number> {
  const server = createServer();
  server.on("upgrade", (_request, socket) => {
    socket.end(`HTTP/1.1 ${status} No\r\nconnection: close\r\nlocation: https://x.invalid/\r\n\r\n`);
  });
  closers.push(() => server.close());
  return portOf(server);
}

test.each([
  [301, "redirects"],
  [403, "let nobody in"],
  [404, "no gateway is at this address"],
  [426, "passes no WebSocket on"],
  [502, "down or not set up"],
])("[V1] HTTP %i is told by ws, and its meaning", async (status, means) => {
  const reason = await reasonOf(`http://127.0.0.1:${await answering(status)}`, WsWebSocket);
  expect(reason).toContain(means);
  expect(reason).toContain(`(HTTP ${status})`);
});

test("[V1] nothing listens, no TLS, and nobody answers: told by ws", async () => {
  expect(await reasonOf("http://127.0.0.1:1", WsWebSocket)).toMatch(/refused.*\(connect ECONNREFUSED 127\.0\.0\.1:1\)/);
  expect(await reasonOf(`https://127.0.0.1:${await answering(404)}`, WsWebSocket)).toContain("http instead of https?");
  const silent = createTcpServer();
  closers.push(() => silent.close());
  const port = await portOf(silent);
  silent.on("connection", (socket) => closers.push(() => socket.destroy()));
  expect(await reasonOf(`http://127.0.0.1:${port}`, WsWebSocket)).toBe(
    "nothing answered the attempt to connect in time",
  );
});

test("[V1] a WebSocket that tells nothing: the reason is never empty", async () => {
  for (const url of ["http://127.0.0.1:1", `http://127.0.0.1:${await answering(404)}`])
    expect(await reasonOf(url)).toBe("the connection could not be made");
});

function failingToken(): never {
  throw new Error("the token service is down");
}

test("[V1] what the token provider throws is the reason", async () => {
  expect(await reasonOf("http://127.0.0.1:1", undefined, failingToken)).toBe("the token service is down");
});

test.each([
  ["getaddrinfo ENOTFOUND nowhere.test", /^the host is not known \(/],
  ["getaddrinfo EAI_AGAIN nowhere.test", /can't be looked up/],
  ["self-signed certificate", /certificate is not accepted/],
  ["Parse Error: Expected HTTP/", /https instead of http/],
  ["socket hang up", /cut while it was made/],
  ["Server sent no subprotocol", /is no gateway/],
  ["something\n  else", /^something else$/],
])("[V1] %s", (said, means) => {
  expect(connectFailure(said)).toMatch(means);
});

test("what says nothing is no reason", () => {
  expect([undefined, null, "", " \n", 7].map((said) => connectFailure(said))).toEqual(Array.from({ length: 5 }));
});
