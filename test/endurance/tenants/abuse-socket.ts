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
  /** The next frame; text where `isBinary` is false. */
  readonly nextFrame: () => { readonly data: Uint8Array; readonly isBinary: boolean };
  /** Ends the flood. */
  readonly signal: AbortSignal;
  /** Sees each answer's text. */
  readonly onAnswer?: (what: string) => void;
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

function oneConnection({ url, token, count, nextFrame, signal, onAnswer }: FloodOptions): Promise<void> {
  return new Promise((resolve) => {
    const socket = new WebSocket(url, [jsonSubprotocol, `bearer.${token}`], {
      perMessageDeflate: false,
      handshakeTimeout: handshakeTimeoutMs,
    });
    const cut = (): void => socket.terminate();
    signal.addEventListener("abort", cut);
    const send = (): void => {
      if (socket.readyState !== WebSocket.OPEN || signal.aborted) return;
      const { data, isBinary } = nextFrame();
      count("sent");
      // Always later: a callback within `send` would never let answers in.
      socket.send(data, { binary: isBinary }, () => setImmediate(send));
    };
    socket.on("open", () => {
      count("opened");
      for (let i = 0; i < outstanding; i += 1) send();
    });
    socket.on("message", (data: Buffer) => {
      const [, type, code] = answerPattern.exec(data.toString("latin1", 0, 80)) ?? [];
      const what = code ?? type ?? "unread";
      count(what);
      onAnswer?.(what);
    });
    socket.on("error", () => count("failed"));
    socket.on("close", () => {
      signal.removeEventListener("abort", cut);
      resolve();
    });
  });
}
