/**
 * A connection of the bad tenant: sends as fast as the socket takes it, looks at answers only to count them, and is back
 * at once when it is closed.
 */
import { WebSocket } from "ws";
import { jsonSubprotocol } from "../../../schemas/wire/messages.ts";

export type Count = (what: string, times?: number) => void;

export interface FloodOptions {
  /** `ws://…/v1/audio/ws/SESSION/TRACK`. */
  readonly url: string;
  readonly token: string;
  readonly count: Count;
  /** The next text frame. */
  readonly nextFrame: () => Uint8Array;
  /** Ends the flood. */
  readonly signal: AbortSignal;
}

/** Frames handed to the socket and not yet to the kernel: enough to keep it busy. */
const outstanding = 8;
const handshakeTimeoutMs = 30_000;
const answerPattern = /^\{"type":"(\w+)"(?:,"code":"(\w+)")?/;

/** Resolves when the signal aborts. */
export async function floodSocket(options: FloodOptions): Promise<void> {
  while (!options.signal.aborted) {
    await oneConnection(options);
    options.count("closed");
    // A turn of the loop, so that refused connections can't keep all else from running.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function oneConnection({ url, token, count, nextFrame, signal }: FloodOptions): Promise<void> {
  return new Promise((resolve) => {
    const socket = new WebSocket(url, [jsonSubprotocol, `bearer.${token}`], {
      perMessageDeflate: false,
      handshakeTimeout: handshakeTimeoutMs,
    });
    const cut = (): void => socket.terminate();
    signal.addEventListener("abort", cut);
    const send = (): void => {
      if (socket.readyState !== WebSocket.OPEN || signal.aborted) return;
      count("sent");
      // Always later: a callback within `send` would never let answers in.
      socket.send(nextFrame(), { binary: false }, () => setImmediate(send));
    };
    socket.on("open", () => {
      count("opened");
      for (let i = 0; i < outstanding; i += 1) send();
    });
    socket.on("message", (data: Buffer) => {
      const [, type, code] = answerPattern.exec(data.toString("latin1", 0, 80)) ?? [];
      count(code ?? type ?? "unread");
    });
    socket.on("error", () => count("failed"));
    socket.on("close", () => {
      signal.removeEventListener("abort", cut);
      resolve();
    });
  });
}
