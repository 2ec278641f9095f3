/** What the front listener sends on, seen from a runtime that is scripted here: one request stays one request. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { until } from "../../client/testkit/until.ts";
import { openFront } from "../../server/front/front.ts";

interface Runtime {
  /** What came over each connection, in the order in which they were made. */
  readonly heard: string[];
  readonly frontPort: number;
}

/** A runtime that does this with what has come over a connection so far, with a front listener before it. */
async function runtime(handle: (socket: Socket, text: string) => void): Promise<Runtime> {
  const heard: string[] = [];
  const server = createServer((socket) => {
    const index = heard.push("") - 1;
    socket.on("error", () => socket.destroy());
    socket.on("data", (bytes) => {
      heard[index] += bytes.toString("latin1");
      handle(socket, heard[index] ?? "");
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const target = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const front = await openFront({ hostname: "127.0.0.1", port: 0, target, maxConnections: 100 });
  onTestFinished(async () => {
    await front.stop();
    server.close();
  });
  return { heard, frontPort: Number(new URL(front.url).port) };
}

const answer = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/** Sends bytes to the front listener. @returns all that it answers with, once it has. */
async function exchange(port: number, bytes: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  let text = "";
  socket.on("data", (data) => (text += data.toString("latin1")));
  socket.write(bytes, "latin1");
  return until(() => (text.includes("\r\n\r\n") ? text : undefined), { what: "an answer of the front listener" });
}

test.each(["GET", "DELETE", "OPTIONS", "POST"])(
  "a body of %s stays one, whatever Connection names: no second request is read out of it",
  async (method) => {
    const { heard, frontPort } = await runtime((socket, text) => {
      if (text.includes("smuggled")) socket.end(answer);
    });
    const inner = "GET /smuggled HTTP/1.1\r\nHost: x\r\nMF-Original-URL: http://evil/\r\n\r\n";
    for (const named of ["content-length", "Content-Length, host", "close, content-length , x"]) {
      const head = `${method} /v1/health HTTP/1.1\r\nHost: a\r\nConnection: ${named}\r\nContent-Length: ${inner.length}\r\n\r\n`;
      await exchange(frontPort, head + inner);
    }
    expect(heard).toHaveLength(3);
    for (const text of heard) {
      const [sent = "", body] = text.split(/\r\n\r\n([^]*)/);
      expect(sent.toLowerCase()).toContain(`content-length: ${inner.length}`);
      expect(sent.toLowerCase()).toContain("host: a");
      expect(body).toBe(inner);
    }
  },
);

test("a POST is sent once, though the connection dies before its answer; a GET may be sent again", async () => {
  const requests: string[] = [];
  const { frontPort } = await runtime((socket, text) => {
    const line = text.split("\r\n").findLast((each) => each.endsWith(" HTTP/1.1")) ?? "";
    requests.push(line);
    if (line.includes("/dies") && requests.filter((each) => each === line).length === 1) socket.destroy();
    else socket.write(answer);
  });
  const ask = (method: string, path: string): Promise<string> =>
    exchange(frontPort, `${method} ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
  // A kept connection to the runtime, which a request may be sent over.
  expect(await ask("GET", "/warm")).toMatch(/^HTTP\/1\.1 200/);
  expect(await ask("POST", "/dies")).toMatch(/^HTTP\/1\.1 500/);
  expect(requests.filter((line) => line.startsWith("POST"))).toHaveLength(1);
  expect(await ask("GET", "/dies")).toMatch(/^HTTP\/1\.1 200/);
  expect(requests.filter((line) => line === "GET /dies HTTP/1.1")).toHaveLength(2);
});

test.each(["Content-Length: 5000000", "Transfer-Encoding: chunked"])(
  "an upgrade that names a body has none: the runtime would open the socket and say nothing until it came (%s)",
  async (named) => {
    const { heard, frontPort } = await runtime((socket, text) => {
      if (!text.includes("\r\n\r\n")) return;
      socket.end("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    });
    const head = `GET /v1/audio/ws/a HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${named}\r\n\r\n`;
    expect(await exchange(frontPort, head)).toContain("101 Switching Protocols");
    expect(heard).toHaveLength(1);
    expect(heard[0]).not.toMatch(/^(content-length|transfer-encoding):/im);
    expect(heard[0]).toMatch(/^upgrade: websocket/im);
  },
);
