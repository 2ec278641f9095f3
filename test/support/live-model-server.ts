/** A server that speaks a live model's wire, and a way to reach it, both over the package `ws`. Counts what is open. */
import type { IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { WebSocket, WebSocketServer } from "ws";
import type { OpenModelSocket } from "../../server/app/participant/models/live-model.ts";

export interface ServedLine {
  readonly request: IncomingMessage;
  /** Messages of the client so far, parsed. */
  readonly received: Record<string, unknown>[];
  /** In a binary frame, as Google does. */
  send(message: object | string): void;
  close(code: number): void;
  /** Ends it without a closing handshake. */
  drop(): void;
  readonly closed: Promise<number>;
}

export interface LiveModelServer {
  readonly baseUrl: string;
  readonly lines: readonly ServedLine[];
  open(): number;
  stop(): Promise<void>;
}

export async function serveLiveModel(
  behave: (line: ServedLine, message: Record<string, unknown>, lineNumber: number) => void,
): Promise<LiveModelServer> {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  await new Promise<void>((resolve) => {
    server.once("listening", () => resolve());
  });
  const lines: ServedLine[] = [];
  server.on("connection", (socket, request) => {
    const closed = Promise.withResolvers<number>();
    const line: ServedLine = {
      request,
      received: [],
      send: (message) => socket.send(Buffer.from(typeof message === "string" ? message : JSON.stringify(message))),
      close: (code) => socket.close(code),
      drop: () => socket.terminate(),
      closed: closed.promise,
    };
    lines.push(line);
    const number = lines.length;
    socket.on("close", (code) => closed.resolve(code));
    socket.on("message", (data: Buffer) => {
      const message = JSON.parse(data.toString()) as Record<string, unknown>;
      line.received.push(message);
      behave(line, message, number);
    });
  });
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    lines,
    open: () => server.clients.size,
    stop: async () => {
      for (const client of server.clients) client.terminate();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}

export const openWsModelSocket: OpenModelSocket = ({ url, headers, onMessage, onClose, signal }) =>
  new Promise((resolve, reject) => {
    const socket = new WebSocket(url.replace(/^http/, "ws"), { headers });
    socket.on("message", (data: Buffer) => onMessage(data.toString()));
    socket.on("open", () => {
      if (signal.aborted) socket.terminate();
      resolve({ send: (text) => socket.send(text), close: (code, reason) => socket.close(code, reason) });
    });
    socket.on("error", reject);
    socket.on("close", () => {
      reject(new Error("closed"));
      onClose();
    });
    signal.addEventListener("abort", () => socket.close());
  });
