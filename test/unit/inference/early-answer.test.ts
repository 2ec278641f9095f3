/** An answer that comes before its question was read: it arrives, over real sockets. */
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { serveParts } from "../../../server/inference/http/server.ts";

const pieces = 40;
const piece = new Uint8Array(100_000);

/** A sender that reads nothing before it has sent all. */
async function sendThenRead(port: number): Promise<string> {
  const socket = connect(port, "127.0.0.1").pause();
  await once(socket, "connect");
  socket.write(`POST /long HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: ${pieces * piece.byteLength}\r\n\r\n`);
  for (let n = 0; n < pieces; n += 1) {
    socket.write(piece);
    await sleep(10);
  }
  let answer = "";
  socket.on("data", (text: Buffer) => (answer += text.toString()));
  const closed = once(socket, "close");
  socket.resume();
  await closed;
  return answer;
}

test.for(["reads nothing of it", "reads its beginning"])(
  "[M9] whoever is refused while a long body is under way reads why: a service that %s",
  async (how) => {
    const refuse = async (request: Request): Promise<Response> => {
      if (how === "reads its beginning") await request.body?.getReader().read();
      return Response.json({ error: "overloaded" }, { status: 503, headers: { "retry-after": "1" } });
    };
    const part = { summary: "refuses", routes: { "POST /long": refuse } };
    const server = await serveParts({ host: "127.0.0.1", port: 0, apiKey: undefined, parts: [part] });
    onTestFinished(() => server.close());
    const answer = await sendThenRead(Number(new URL(server.url).port));
    expect(answer).toMatch(/^HTTP\/1\.1 503 [\s\S]*overloaded/);
  },
);

test("[M9] an idle connection is let go by its client first: nobody asks on one that is closing", async () => {
  const part = { summary: "answers", routes: { "GET /": () => Response.json({}) } };
  const server = await serveParts({ host: "127.0.0.1", port: 0, apiKey: undefined, parts: [part] });
  onTestFinished(() => server.close());
  const answer = await fetch(server.url);
  await answer.text();
  expect(answer.headers.get("keep-alive")).toBe("timeout=75");
});
