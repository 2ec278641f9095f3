/**
 * A request whose body the runtime stopped reading, before a runtime that does as a test says: asked again without its body,
 * it gets the answer that fits, and nothing of it stays behind.
 */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { until } from "../../client/testkit/until.ts";
import { openFront } from "../../server/front/front.ts";

interface Runtime {
  /** Everything that reached it, of all connections. */
  text: string;
  readonly open: Set<Socket>;
}

/** @param onData gets how many times its connection has said something, and which connection it is, both from 1. */
async function openBefore(onData: (socket: Socket, times: number, connection: number) => void) {
  const runtime: Runtime = { text: "", open: new Set() };
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    const connection = connections;
    let times = 0;
    runtime.open.add(socket);
    socket.once("close", () => runtime.open.delete(socket));
    socket.on("error", () => {});
    socket.on("data", (bytes: Buffer) => {
      runtime.text += bytes.toString();
      times += 1;
      onData(socket, times, connection);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const target = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const front = await openFront({ hostname: "127.0.0.1", port: 0, target, maxConnections: 64 });
  onTestFinished(async () => {
    await front.stop();
    for (const socket of runtime.open) socket.destroy();
    server.close();
  });
  return { runtime, send: (request: string) => ask(Number(new URL(front.url).port), request) };
}

/** Everything that is answered until the connection ends. */
async function ask(port: number, request: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  let text = "";
  socket.on("data", (bytes: Buffer) => (text += bytes.toString()));
  socket.on("error", () => {});
  socket.write(request);
  await until(() => socket.closed || undefined, { what: "the listener to end the connection", timeoutMs: 20_000 });
  return text;
}

test("[X9] while the runtime starts again, nothing was done and it is said when to ask again", async () => {
  const nowhere = createServer().listen(0, "127.0.0.1");
  await once(nowhere, "listening");
  const target = new URL(`http://127.0.0.1:${(nowhere.address() as AddressInfo).port}`);
  nowhere.close();
  await once(nowhere, "close");
  const front = await openFront({ hostname: "127.0.0.1", port: 0, target, maxConnections: 64 });
  onTestFinished(() => front.stop());
  const port = Number(new URL(front.url).port);
  const body = "Content-Length: 2\r\n\r\n{}";
  for (const request of [
    "GET /health HTTP/1.1\r\nHost: a\r\n\r\n",
    `POST /v1/sessions HTTP/1.1\r\nHost: a\r\n${body}`,
    "GET /v1/audio/ws/a HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
  ]) {
    const answer = (await ask(port, request)).toLowerCase();
    expect(answer).toMatch(/^http\/1.1 503 /);
    expect(answer).toContain("\r\nretry-after: 1\r\n");
    expect(answer).toContain('"code":"gateway_unavailable"');
  }
});

test("[X9] of a change that had reached the runtime when that ended, nobody says that it was not done", async () => {
  const { send } = await openBefore((socket) => socket.destroy());
  const change = await send("POST /v1/sessions HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}");
  expect(change).toMatch(/^HTTP\/1.1 500 /);
  expect(change).toContain('"code":"internal"');
  expect(await send("POST /v1/sessions/a/webhooks/test HTTP/1.1\r\nHost: a\r\n\r\n")).toMatch(/^HTTP\/1.1 500 /);
  // Asked twice it does what it does once.
  expect(await send("DELETE /v1/sessions/a HTTP/1.1\r\nHost: a\r\n\r\n")).toMatch(/^HTTP\/1.1 503 /);
});

test("asked again without its body, a request leaves no connection behind", { timeout: 30_000 }, async () => {
  // The first is reset when all of it is there; the second waits for a body that does not come.
  const { runtime, send } = await openBefore((socket, _times, connection) => {
    if (connection === 1 && runtime.text.endsWith("0123456789")) socket.resetAndDestroy();
  });
  const answer = await send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n0123456789");
  expect(answer).toMatch(/^HTTP\/1\.1 500 /);
  expect(answer).toContain('"code":"internal"');
  await until(() => runtime.open.size === 0 || undefined, { what: "the runtime's connections to end" });
});

test(
  "a body of which only the beginning was read is too large, though the rest came in the meantime",
  { timeout: 30_000 },
  async () => {
    const size = 32 * 1_024 * 1_024;
    const { send } = await openBefore((socket, times, connection) => {
      if (connection === 1 && times === 2) socket.resetAndDestroy();
    });
    const answer = await send(`POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: ${size}\r\n\r\n${"0".repeat(size)}`);
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
  },
);
