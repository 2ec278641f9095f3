/**
 * Connections of somebody who means harm, as bare sockets: they ask, and then read nothing, answer no close and send no body to
 * its end. Each comes again when the gateway ends it.
 */
import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** How often something happened to them. */
export type Count = (what: string) => void;

export interface HostileTarget {
  readonly host: string;
  readonly port: number;
  readonly signal: AbortSignal;
  readonly count: Count;
}

const pauseMs = 1_000;
/** RFC 6455: a masked text frame of the exact ping that the platform answers. */
const ping = maskedFrame('{"type":"ping"}');
const pingEveryMs = 500;

/** Keeps one watcher that pings and reads nothing; `path` says where, and may change. */
export function watchUnread(target: HostileTarget, path: () => string): Promise<void> {
  return keep(target, "watchers", (socket) => {
    socket.write(upgrade(path()));
    socket.once("data", () => socket.pause());
    const timer = setInterval(() => socket.write(ping), pingEveryMs);
    // What is paused hears of no close: it leaves by itself.
    const leave = setTimeout(() => socket.destroy(), 30_000);
    return () => {
      clearInterval(timer);
      clearTimeout(leave);
    };
  });
}

/** Keeps one connection that is refused, and does not answer the close. */
export function stayRefused(target: HostileTarget): Promise<void> {
  return keep(target, "refused", (socket) => {
    socket.write(upgrade("/v1/sessions/never-opened/live"));
    socket.resume();
    return nothing;
  });
}

/** Keeps one request whose body stops arriving. */
export function sendSlowly(target: HostileTarget): Promise<void> {
  return keep(target, "slow bodies", (socket) => {
    const head =
      "POST /v1/sessions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 200000";
    socket.write(`${head}\r\n\r\n{"session_id":`);
    socket.resume();
    return nothing;
  });
}

function nothing(): void {
  // Nothing of it has to end.
}

/** @param begin what is done with a connection that is open. @returns what ends with it. */
async function keep(
  { host, port, signal, count }: HostileTarget,
  what: string,
  begin: (socket: Socket) => () => void,
): Promise<void> {
  while (!signal.aborted) {
    await new Promise<void>((resolve) => {
      const socket = connect({ host, port });
      const cut = (): void => void socket.destroy();
      let end = nothing;
      signal.addEventListener("abort", cut);
      socket.once("connect", () => {
        count(`${what} opened`);
        end = begin(socket);
      });
      socket.on("error", () => count(`${what} cut`));
      socket.once("close", () => {
        end();
        signal.removeEventListener("abort", cut);
        resolve();
      });
    });
    await sleep(pauseMs);
  }
}

function upgrade(path: string): string {
  const key = randomBytes(16).toString("base64");
  const head = `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade`;
  return `${head}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`;
}

function maskedFrame(text: string): Buffer {
  const mask = randomBytes(4);
  const bytes = Buffer.from(text).map((byte, i) => byte ^ (mask[i % 4] ?? 0));
  return Buffer.concat([Buffer.from([0x81, 0x80 | bytes.length]), mask, bytes]);
}
