/** An outgoing WebSocket of a Worker, to a provider: its key in a header (SPEC Y6), and text also where it comes as bytes. */
import type { OpenModelSocket } from "./live-model.ts";

const decoder = new TextDecoder();

export const openModelSocket: OpenModelSocket = async ({ url, headers, onMessage, onClose, signal }) => {
  const answer = await fetch(url, { headers: { upgrade: "websocket", ...headers }, signal });
  const socket = answer.webSocket;
  if (!socket) {
    await answer.body?.cancel();
    throw new Error(`the model's service answered ${answer.status}`);
  }
  // As blobs, messages could overtake each other.
  socket.binaryType = "arraybuffer";
  socket.accept();
  socket.addEventListener("message", ({ data }) => {
    onMessage(typeof data === "string" ? data : decoder.decode(data));
  });
  const end = (): void => onClose();
  socket.addEventListener("close", end);
  socket.addEventListener("error", end);
  return {
    send: (text) => socket.send(text),
    close: (code, reason) => socket.close(code, reason),
  };
};
