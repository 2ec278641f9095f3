/**
 * What a person would write first: a WebSocket server on Node that keeps each chunk as a file, with or without flushing it to the disk
 * before the ack. No order, no duplicates, no gaps, no hash: only the work that nobody can leave out.
 */
import { once } from "node:events";
import { mkdir, open } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { decode } from "@msgpack/msgpack";
import { type WebSocket, WebSocketServer } from "ws";

const ack = '{"type":"ack"}';

/** @param flushes whether a chunk is on the disk before its ack. */
export async function startFileServer(
  stateDir: string,
  flushes: boolean,
): Promise<{ url: string; stop(): Promise<void> }> {
  const http = createServer((_request, response) => response.end());
  const sockets = new WebSocketServer({ server: http, perMessageDeflate: false });
  sockets.on("connection", (socket, request) => {
    const folder = join(stateDir, (request.url ?? "").replaceAll(/[^a-z0-9-]/gi, "-"));
    serve(socket, folder, flushes);
  });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  const { port } = http.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    stop: async () => {
      for (const socket of sockets.clients) socket.terminate();
      http.close();
      await once(http, "close");
    },
  };
}

/** Chunks are written as they come, and acked in their order. */
function serve(socket: WebSocket, folder: string, flushes: boolean): void {
  const ready = mkdir(folder, { recursive: true });
  let acked: Promise<unknown> = ready;
  socket.on("message", (data: Buffer) => {
    const { seq, content } = decode(data) as { seq: number; content: Uint8Array };
    const kept = ready.then(() => keep(join(folder, String(seq).padStart(8, "0")), content, flushes));
    acked = Promise.all([kept, acked]).then(
      () => socket.send(ack),
      () => socket.terminate(),
    );
  });
}

async function keep(path: string, content: Uint8Array, flushes: boolean): Promise<void> {
  const file = await open(path, "wx");
  try {
    await file.write(content);
    if (flushes) await file.datasync();
  } finally {
    await file.close();
  }
}
