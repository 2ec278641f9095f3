/**
 * A WebSocket through the front listener: the handshake is the Worker's to answer, and after it bytes go both ways, each side
 * as fast as the other reads. Guarantees an end: after the first close frame within seconds, whether or not the other side
 * answers it, and of a client that reads nothing.
 */
import { type IncomingMessage, request as httpRequest } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type WireErrorCode, wireErrors } from "../../schemas/wire/errors.ts";
import { ClientFrames } from "./client-frames.ts";
import { answerHeaders, upgradeHeaders } from "./forwarded-headers.ts";
import { type Target, unavailable } from "./forward-request.ts";
import { frontLimits } from "./front-limits.ts";
import { passFrames } from "./pass-frames.ts";
import { endWith, inTraceOf } from "./refusal.ts";
import { FrameReader, opcodes } from "./web-socket-frames.ts";

export interface OpenSocket {
  /** Sends a close frame 1012, "service restart", as soon as no other frame is under way, and ends. */
  goAway(): void;
}

export interface SocketEvents {
  readonly onOpen: (socket: OpenSocket) => void;
  /** It was open for a while: the gateway ends at once what it refuses. */
  readonly onStays: () => void;
  /** One side has sent its close frame. */
  readonly onCloses: () => void;
}

/** A close frame: its code, and the word of the table of errors for it (`going_away`). */
const { closeCode } = wireErrors.going_away;
const reason = Buffer.from("going_away" satisfies WireErrorCode);
const goingAway = Buffer.from([0x88, 2 + reason.length, closeCode >> 8, closeCode & 0xff, ...reason]);

export function forwardSocket(
  target: Target,
  path: string,
  request: IncomingMessage,
  client: Duplex,
  head: Buffer,
  events: SocketEvents,
): void {
  const { method, rawHeaders, socket: caller } = request;
  const headers = upgradeHeaders(rawHeaders, caller.remoteAddress);
  const forwarded = httpRequest({ ...target, agent: false, method, path, headers, setHost: false });
  client.on("error", () => forwarded.destroy());
  client.once("close", () => forwarded.destroy());
  forwarded.on("error", () => endWith(client, inTraceOf(request, unavailable())));
  forwarded.on("upgrade", (answer, runtime: Socket, firstBytes: Buffer) => {
    client.write(statusLine(answer) + fields(answer.rawHeaders));
    events.onOpen(join(client, runtime, head, firstBytes, events));
  });
  forwarded.on("response", (answer) => {
    client.write(statusLine(answer) + fields([...answerHeaders(answer.rawHeaders), "Connection", "close"]));
    answer.on("error", () => client.destroy());
    answer.pipe(client);
  });
  forwarded.end();
}

function join(
  client: Duplex,
  runtime: Socket,
  head: Buffer,
  firstBytes: Buffer,
  { onStays, onCloses }: SocketEvents,
): OpenSocket {
  const fromClient = new ClientFrames();
  const fromRuntime = new FrameReader();
  let end: NodeJS.Timeout | undefined;
  const stays = setTimeout(onStays, frontLimits.closeTimeoutMs);
  const destroy = (): void => {
    clearTimeout(stays);
    clearTimeout(end);
    client.destroy();
    runtime.destroy();
  };
  const endSoon = (): void => {
    if (end) return;
    clearTimeout(stays);
    end = setTimeout(destroy, frontLimits.closeTimeoutMs);
    onCloses();
  };
  let isLeaving = false;
  const sayGoodbye = (): void => {
    if (!fromRuntime.isBetweenFrames) return;
    // After a close frame of the gateway's own there is no other.
    if (!end) client.write(goingAway);
    fromClient.handleGatewayClosed();
    client.end();
  };
  const toClient = (bytes: Buffer): boolean => {
    if (isLeaving && client.writableEnded) return true;
    let messages = 0;
    for (const part of fromRuntime.read(bytes)) {
      if (!("head" in part)) continue;
      messages += 1;
      if (part.head.opcode !== opcodes.close) continue;
      fromClient.handleGatewayClosed();
      endSoon();
    }
    const isTaken = client.write(bytes);
    answered(messages);
    if (isLeaving) sayGoodbye();
    return isTaken;
  };
  runtime.setNoDelay(true);
  const answered = passFrames(client, runtime, head, fromClient, () => {
    if (fromClient.hasSentClose) endSoon();
  });
  if (firstBytes.length > 0) toClient(firstBytes);
  runtime.on("data", (bytes: Buffer) => {
    if (toClient(bytes)) return;
    runtime.pause();
    client.once("drain", () => runtime.resume());
  });
  for (const [side, other] of [
    [client, runtime],
    [runtime, client],
  ] as const) {
    side.once("end", () => {
      other.end();
      endSoon();
    });
  }
  for (const side of [client, runtime]) {
    side.on("error", destroy);
    side.once("close", destroy);
  }
  watchReader(client, destroy);
  return {
    goAway: () => {
      isLeaving = true;
      sayGoodbye();
    },
  };
}

/** Ends a connection whose client reads nothing of what waits for it. */
function watchReader(client: Duplex, destroy: () => void): void {
  let waitingSince: number | undefined;
  const timer = setInterval(() => {
    if (client.writableNeedDrain) {
      const now = performance.now();
      waitingSince ??= now;
      if (now - waitingSince > frontLimits.slowReaderTimeoutMs) destroy();
    }
  }, frontLimits.slowReaderTimeoutMs / 4);
  timer.unref();
  client.on("drain", () => {
    waitingSince = undefined;
  });
  client.once("close", () => clearInterval(timer));
}

function statusLine({ statusCode = 502, statusMessage = "" }: IncomingMessage): string {
  return `HTTP/1.1 ${statusCode} ${statusMessage}\r\n`;
}

function fields(raw: readonly string[]): string {
  const lines = raw.flatMap((name, index) => (index % 2 === 0 ? [`${name}: ${raw[index + 1] ?? ""}\r\n`] : []));
  return `${lines.join("")}\r\n`;
}
