/** HTTP/1.1 by hand: a request goes out just as it was built, also what a library would repair, escape or refuse. */
import { connect } from "node:net";
import { type BuiltRequest, isGood } from "./build-request.ts";
import type { FuzzAnswer } from "./check-answer.ts";
import { Finding } from "./finding.ts";

const answerTimeoutMs = 20_000;
/** A socket that was taken says nothing by itself; one that is refused says why, when a busy machine gets to it. */
const firstWordsMs = 150;
const refusalMs = 10_000;
/** How long who hangs up in the middle of a body waits for an answer all the same. */
const leftEarlyMs = 300;
const headEnd = "\r\n\r\n";

export interface RawAnswer extends FuzzAnswer {
  /** Whether the gateway itself answered; else it was the server before it, which takes no such request. */
  readonly isGateways: boolean;
}

/** @returns undefined where the connection was ended without an answer. */
export async function sendRaw(url: string, request: BuiltRequest): Promise<RawAnswer | undefined> {
  const { hostname, port } = new URL(url);
  const { head, body, endsEarly } = encoded(request);
  const socket = connect({ host: hostname, port: Number(port), noDelay: true });
  const received: Buffer[] = [];
  let whole = Buffer.alloc(0);
  const isDone = new Promise<void>((resolve, reject) => {
    const giveUp = (): void => {
      // Nobody is left to be answered.
      if (endsEarly) finish();
      else reject(new Finding(`no answer in ${answerTimeoutMs} ms`));
    };
    let timer = setTimeout(giveUp, endsEarly ? leftEarlyMs : answerTimeoutMs);
    const finish = (): void => {
      clearTimeout(timer);
      resolve();
    };
    socket.on("data", (part) => {
      received.push(part);
      whole = Buffer.concat(received);
      if (isWhole(whole, request.method)) return finish();
      // Of a socket or a stream, the first words are enough.
      if (!goesOn(whole)) return;
      clearTimeout(timer);
      const isRefused = !isGood(request.plan.credential) && whole.length === headOf(whole)?.bodyAt;
      timer = setTimeout(finish, isRefused ? refusalMs : firstWordsMs);
    });
    socket.on("end", finish);
    socket.on("close", finish);
    socket.on("error", (cause: NodeJS.ErrnoException) => {
      // It may answer and hang up before it has read what it refuses.
      if (cause.code === "ECONNRESET" || cause.code === "EPIPE") finish();
      else reject(cause);
    });
  });
  socket.write(head);
  if (body) socket.write(body);
  if (endsEarly) socket.end();
  try {
    await isDone;
  } finally {
    socket.destroy();
  }
  return parsedAnswer(whole);
}

function encoded({ method, path, headers, body, plan }: BuiltRequest): {
  head: Buffer;
  body: Buffer | undefined;
  endsEarly: boolean;
} {
  const { lie } = plan.body;
  const isChunked = body !== undefined && plan.body.isChunked;
  const lines = [
    `${method} ${path} HTTP/1.1`,
    "host: localhost",
    ...headers.map(([name, value]) => `${name}: ${value}`),
  ];
  if (!headers.some(([name]) => name === "connection")) lines.push("connection: close");
  const length = lie ?? body?.byteLength;
  if (isChunked) lines.push("transfer-encoding: chunked");
  else if (length !== undefined) lines.push(`content-length: ${length}`);
  return {
    head: Buffer.from(lines.join("\r\n") + headEnd, "utf8"),
    body: body && (isChunked ? chunked(body) : Buffer.from(body)),
    // A body that is shorter than was said ends with the connection.
    endsEarly: !isChunked && lie !== undefined && lie > (body?.byteLength ?? 0),
  };
}

function chunked(body: Uint8Array): Buffer {
  const size = 16_384;
  const parts: Buffer[] = [];
  for (let at = 0; at < body.byteLength; at += size) {
    const part = body.subarray(at, at + size);
    parts.push(Buffer.from(`${part.byteLength.toString(16)}\r\n`), Buffer.from(part), Buffer.from("\r\n"));
  }
  return Buffer.concat([...parts, Buffer.from("0\r\n\r\n")]);
}

interface Head {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly bodyAt: number;
}

function headOf(whole: Buffer): Head | undefined {
  const end = whole.indexOf(headEnd);
  if (end < 0) return undefined;
  const [first = "", ...lines] = whole.subarray(0, end).toString("latin1").split("\r\n");
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(":");
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  return { status: Number(first.split(" ")[1]), headers, bodyAt: end + headEnd.length };
}

function goesOn(whole: Buffer): boolean {
  const head = headOf(whole);
  return head?.status === 101 || head?.headers["content-type"]?.startsWith("text/event-stream") === true;
}

function isWhole(whole: Buffer, method: string): boolean {
  const head = headOf(whole);
  if (!head || goesOn(whole)) return false;
  const { status, headers, bodyAt } = head;
  if (method === "HEAD" || status === 204 || status === 304) return true;
  const length = headers["content-length"];
  if (length !== undefined) return whole.length >= bodyAt + Number(length);
  return headers["transfer-encoding"] === "chunked" && whole.subarray(bodyAt).toString("latin1").endsWith("0\r\n\r\n");
}

function parsedAnswer(whole: Buffer): RawAnswer | undefined {
  const head = headOf(whole);
  if (!head) return undefined;
  const { status, headers, bodyAt } = head;
  // What follows is the answer to what a lying content-length left over.
  const rest = whole.subarray(bodyAt, bodyAt + Number(headers["content-length"] ?? whole.length));
  const body = headers["transfer-encoding"] === "chunked" ? unchunked(rest) : rest;
  return { status, headers, text: body.toString("utf8"), isGateways: headers["x-trace-id"] !== undefined };
}

function unchunked(body: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < body.length;) {
    const lineEnd = body.indexOf("\r\n", at);
    const size = lineEnd < 0 ? 0 : Number.parseInt(body.subarray(at, lineEnd).toString("latin1"), 16);
    if (!(size > 0)) break;
    parts.push(body.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = lineEnd + 2 + size + 2;
  }
  return Buffer.concat(parts);
}
