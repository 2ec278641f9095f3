/** One connection that is dropped as soon as it is open, or refused. */
import { WebSocket } from "ws";
import { jsonSubprotocol } from "../../../schemas/wire/messages.ts";
import type { Count } from "./abuse-socket.ts";

const patienceMs = 30_000;
/** A refusal follows the handshake; who hears nothing for so long was let in. */
const letInMs = 20;

/** Never rejects. */
export function dropOne(url: string, token: string, count: Count, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    count("sent");
    const socket = new WebSocket(url, [jsonSubprotocol, `bearer.${token}`], {
      perMessageDeflate: false,
      handshakeTimeout: patienceMs,
    });
    let timer: NodeJS.Timeout | undefined;
    const cut = (): void => socket.terminate();
    signal.addEventListener("abort", cut);
    socket.on("open", () => {
      timer = setTimeout(() => {
        count("let in");
        cut();
      }, letInMs);
    });
    socket.on("message", (data: Buffer) => {
      count(/"code":"(\w+)"/.exec(data.toString("latin1", 0, 80))?.[1] ?? "answered");
      cut();
    });
    socket.on("error", () => {
      if (!signal.aborted) count("failed");
    });
    socket.on("close", () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", cut);
      resolve();
    });
  });
}
