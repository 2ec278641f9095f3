/**
 * What stands before the local runtime: nothing that miniflare serves or believes by itself is reachable, and nobody can take
 * the gateway's connections, or leave a URL on its disk.
 */
import assert from "node:assert/strict";
import { globSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { connect, type Socket } from "node:net";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { until } from "../../client/testkit/until.ts";
import { newSession, problemOf, send, sendUpgrade } from "../support/gateway-http.ts";
import { useGateway } from "../support/use-gateway.ts";
import { TestClient } from "../support/ws-client.ts";

const gateway = useGateway();

/** Every path that miniflare's code names as its own. */
function pathsOfMiniflare(): string[] {
  const folder = dirname(createRequire(import.meta.url).resolve("miniflare"));
  const sources = globSync(join(folder, "**/*.js")).map((file) => readFileSync(file, "utf8"));
  const named = sources.flatMap((text) =>
    [...text.matchAll(/["'`](\/cdn-cgi\/[\w./:*-]*)/g)].map(([, path = ""]) => path),
  );
  const table = sources.flatMap((text) => /CorePaths = \{(.*?)\n\}/s.exec(text)?.[1] ?? []);
  const core = table.flatMap((text) => [...text.matchAll(/: "(\/[^"]*)"/g)].map(([, path = ""]) => path));
  return [...new Set([...named, ...core])].toSorted();
}

test("no path of miniflare's own is there: each is the gateway's 404, whatever its headers and spelling", async () => {
  const paths = pathsOfMiniflare();
  expect(paths).toContain("/cdn-cgi/local/explorer");
  expect(paths).toContain("/cdn-cgi/local/r2/public");
  for (const path of paths) {
    const below = `${path.replace(/\/$/, "")}/interview-feedback-results/x`;
    for (const spelled of [path, below, path.replace("/cdn-cgi", "/x/../cdn-cgi"), path.replace("cdn", "%63dn")]) {
      for (const method of ["GET", "POST"]) {
        const answer = await send(gateway, spelled, { method });
        expect(problemOf(answer).code, `${method} ${spelled}`).toBe("not_found");
      }
    }
    const asked = await send(gateway, "/no-such-route", { headers: { "mf-original-url": `http://127.0.0.1${path}` } });
    expect(problemOf(asked).code, `asked for ${path}`).toBe("not_found");
  }
});

test("[P9] a header of the runtime's decides nothing: not the URL, nor the Worker, nor what it knows of the connection", async () => {
  const evil = { host: "evil.example" };
  for (const headers of [
    evil,
    { ...evil, "mf-original-url": "http://127.0.0.1/v1/sessions" },
    { ...evil, "x-forwarded-proto": "https" },
    { ...evil, "x-forwarded-host": "127.0.0.1", "mf-proxy-shared-secret": "x" },
  ]) {
    expect(problemOf(await send(gateway, "/v1/sessions", { headers })).code).toBe("misconfigured");
  }
  for (const name of ["mf-route-override", "mf-cf-blob", "mf-op", "mf-op-secret", "mf-disable-pretty-error"]) {
    expect((await send(gateway, "/v1/sessions", { headers: { [name]: "{" } })).status, `with ${name}`).toBe(200);
  }
});

test.each(["a b", "[", "a:b:c"])("a Host that names no host (%s) is a problem, and no exception", async (host) => {
  expect(problemOf(await send(gateway, "/health", { headers: { host } })).code).toBe("bad_request");
});

test("what the listener refuses by itself has the security headers that the gateway's own answers have", async () => {
  const own = await send(gateway, "/no-such-route");
  const refused = await send(gateway, "/health", { headers: { host: "[" } });
  const shared = [
    "strict-transport-security",
    "x-content-type-options",
    "x-frame-options",
    "referrer-policy",
    "content-security-policy",
    "cache-control",
  ];
  const picked = (headers: Readonly<Record<string, string | undefined>>) => shared.map((name) => [name, headers[name]]);
  expect(picked(refused.headers)).toEqual(picked(own.headers));
  expect(own.headers["strict-transport-security"]).toContain("max-age=");
  expect(refused.headers["cross-origin-resource-policy"]).toBe("same-origin");
});

test("no URL of a request is on disk", async () => {
  const secret = `token-${newSession()}`;
  await send(gateway, `/v1/sessions/${newSession()}/state?token=${secret}`);
  await sendUpgrade(gateway, `/v1/audio/ws/${newSession()}?token=${secret}`);
  const session = newSession();
  const client = await TestClient.connect(gateway, { session });
  await client.keep(1);
  await client.leave();
  const files = globSync(join(gateway.stateDir, "**/*")).filter((path) =>
    statSync(path, { throwIfNoEntry: false })?.isFile(),
  );
  const holding = (text: string): string[] => files.filter((path) => contentOf(path).includes(text));
  // What is meant to be kept is found, so that what is not would be.
  expect(holding(session)).not.toEqual([]);
  expect(holding(secret)).toEqual([]);
  expect(files.filter((path) => /observability|wobs/.test(path))).toEqual([]);
});

/** Empty for a file that went since it was listed: SQLite takes its log away when it closes a database. */
function contentOf(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return Buffer.alloc(0);
    throw cause;
  }
}

test.concurrent("a connection that says nothing, and a head that stops, are ended", { timeout: 40_000 }, async () => {
  const silent = openSocket("");
  const halfway = openSocket("GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Half:");
  for (const socket of [silent, halfway]) expect(await closed(socket)).toBe(true);
});

test(
  "[W7] a refused WebSocket whose client does not answer the close is ended all the same",
  { timeout: 40_000 },
  async () => {
    const handshake = [
      "GET /v1/audio/ws/-no-id HTTP/1.1",
      "Host: 127.0.0.1",
      "Connection: Upgrade",
      "Upgrade: websocket",
      "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ];
    const socket = openSocket(`${handshake.join("\r\n")}\r\n\r\n`);
    expect(await closed(socket)).toBe(true);
  },
);

test.concurrent("a body that stops arriving is ended", { timeout: 40_000 }, async () => {
  const head =
    "POST /v1/sessions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{";
  const socket = openSocket(head);
  let text = "";
  socket.on("data", (part: Buffer) => (text += part.toString()));
  await closed(socket);
  assert.match(text, /^HTTP\/1\.1 400 /);
});

function openSocket(firstBytes: string): Socket {
  const socket = connect(Number(new URL(gateway.url).port), "127.0.0.1");
  socket.on("error", () => {});
  socket.on("data", () => {});
  socket.write(firstBytes);
  return socket;
}

function closed(socket: Socket): Promise<true> {
  return until(() => socket.closed || undefined, { what: "the gateway to end the connection", timeoutMs: 35_000 });
}
