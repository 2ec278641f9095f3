/** The WebSocket of package `ws`, for the capture library, with the room's messages counted as they pass. */
import { decode } from "@msgpack/msgpack";
import { type ClientOptions, type RawData, WebSocket } from "ws";
import { roomMessageSchema } from "../../schemas/wire/messages.ts";

export interface Tap {
  /** Errors of the room, by code. */
  readonly errors: Map<string, number>;
  /** Acks, by status. */
  readonly acks: { stored: number; duplicate: number };
}

/** @returns a class to give to a capture, and what its connections bring. MessagePack only. */
export function tappedWebSocket(): {
  readonly Socket: new (address: string | URL, protocols?: string | string[]) => WebSocket;
  readonly tap: Tap;
} {
  const tap: Tap = { errors: new Map(), acks: { stored: 0, duplicate: 0 } };
  class TappedWebSocket extends WebSocket {
    constructor(address: string | URL, protocols?: string | string[], options?: ClientOptions) {
      super(address, protocols, { ...options, perMessageDeflate: false });
      this.on("message", (data, isBinary) => {
        if (isBinary) count(tap, data);
      });
    }
  }
  return { Socket: TappedWebSocket, tap };
}

function count(tap: Tap, data: RawData): void {
  const { data: message } = roomMessageSchema.safeParse(
    decode(Array.isArray(data) ? Buffer.concat(data) : new Uint8Array(data)),
  );
  if (message?.type === "ack") tap.acks[message.status] += 1;
  if (message?.type === "error") tap.errors.set(message.code, (tap.errors.get(message.code) ?? 0) + 1);
}
