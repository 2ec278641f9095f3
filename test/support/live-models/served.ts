/** A live model's server as tests have them: what it does with a connection, whatever carries it, and what goes wrong with connections. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { WebSocketServer } from "ws";
import type { Clock } from "../../../server/app/participant/clock.ts";
import type { OpenModelSocket } from "../../../server/app/participant/models/live-model.ts";

/** A connection as the server has it. */
export interface ServerLine {
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  send(message: object | string): void;
  close(code: number): void;
  /** Without a closing handshake. */
  drop(): void;
}

export interface Session {
  take(message: Record<string, unknown>): void;
  /** It is to be replaced, within that time. */
  goAway(ms: number): void;
  over(): void;
}

export type Serve = (line: ServerLine) => Session;

export type LineFault =
  /** Nobody is let in. */
  | { readonly kind: "refuses" }
  /** Nothing is ever answered. */
  | { readonly kind: "silent" }
  /** From then on nothing arrives, in either direction, and nobody says so. */
  | { readonly kind: "half_open"; readonly afterMs: number }
  | { readonly kind: "drops"; readonly afterMs: number }
  | { readonly kind: "closes"; readonly afterMs: number; readonly code: number }
  | { readonly kind: "goes_away"; readonly afterMs: number; readonly leftMs: number }
  /** What it says comes later than it was said. */
  | { readonly kind: "delays"; readonly byMs: number }
  | { readonly kind: "garbage"; readonly everyMs: number };

const garbage = [
  "{",
  "[]",
  "null",
  '{"serverContent":7}',
  '{"type":"response.output_audio.delta","delta":5}',
  "\u0000",
];

/** @param faultsOf of the nth connection, counted from 1. */
export function withFaults(serve: Serve, clock: Clock, faultsOf: (n: number) => readonly LineFault[]): Serve {
  let count = 0;
  return (line) => {
    count += 1;
    const faults = faultsOf(count);
    const delayMs = faults.reduce((sum, fault) => sum + (fault.kind === "delays" ? fault.byMs : 0), 0);
    let isDeaf = faults.some(({ kind }) => kind === "silent");
    let isOver = false;
    const forget: (() => void)[] = [];
    const later = (ms: number, what: () => void): void => {
      forget.push(clock.after(ms, () => (isOver ? undefined : what())));
    };
    const say = (message: object | string): void => {
      if (isDeaf || isOver) return;
      if (delayMs === 0) line.send(message);
      else later(delayMs, () => (isDeaf ? undefined : line.send(message)));
    };
    const session = serve({ ...line, send: say });
    const mumble = (ms: number, n: number): void =>
      later(ms, () => {
        say(garbage[n % garbage.length] ?? "");
        mumble(ms, n + 1);
      });
    for (const fault of faults) {
      if (fault.kind === "refuses") line.close(1_011);
      if (fault.kind === "half_open") later(fault.afterMs, () => (isDeaf = true));
      if (fault.kind === "drops") later(fault.afterMs, () => line.drop());
      if (fault.kind === "closes") later(fault.afterMs, () => line.close(fault.code));
      if (fault.kind === "goes_away") later(fault.afterMs, () => session.goAway(fault.leftMs));
      if (fault.kind === "garbage") mumble(fault.everyMs, 0);
    }
    return {
      take: (message) => (isDeaf || isOver ? undefined : session.take(message)),
      goAway: (ms) => session.goAway(ms),
      over: () => {
        isOver = true;
        for (const each of forget) each();
        session.over();
      },
    };
  };
}

export interface Reached {
  readonly open: OpenModelSocket;
  /** Connections that are open now. */
  readonly count: () => number;
}

/** Carries messages within the process, each a little later than it was sent, in order. */
export function inProcess(serve: Serve, clock: Clock, latencyMs: () => number): Reached {
  let openNow = 0;
  const open: OpenModelSocket = async ({ url, headers, onMessage, onClose, signal }) => {
    const state = { isOpen: true };
    let [upAt, downAt] = [0, 0];
    const down = (what: () => void): void => {
      downAt = Math.max(downAt, clock.now() + latencyMs());
      clock.after(downAt - clock.now(), what);
    };
    const up = (what: () => void): void => {
      upAt = Math.max(upAt, clock.now() + latencyMs());
      clock.after(upAt - clock.now(), what);
    };
    const end = (): void => {
      if (!state.isOpen) return;
      state.isOpen = false;
      openNow -= 1;
      session.over();
      down(onClose);
    };
    openNow += 1;
    const line: ServerLine = {
      url,
      headers,
      send: (message) => {
        const text = typeof message === "string" ? message : JSON.stringify(message);
        if (state.isOpen) down(() => onMessage(text));
      },
      close: end,
      drop: end,
    };
    await new Promise<void>((resolve) => clock.after(latencyMs(), resolve));
    const session = serve(line);
    if (signal.aborted) end();
    signal.addEventListener("abort", end);
    if (!state.isOpen) throw new Error("nobody is let in");
    return {
      send: (text) => {
        if (!state.isOpen) throw new Error("it is closed");
        const message = JSON.parse(text) as Record<string, unknown>;
        up(() => (state.isOpen ? session.take(message) : undefined));
      },
      close: end,
    };
  };
  return { open, count: () => openNow };
}

export interface ServedOverWs {
  readonly baseUrl: string;
  readonly count: () => number;
  /** Reads nothing more of the connections that are open now, and ends none: what is sent to them is on its way for good. */
  readonly freeze: () => void;
  stop(): Promise<void>;
}

/** Over real sockets, in binary frames as Google has them. */
export async function overWs(serve: Serve): Promise<ServedOverWs> {
  const http = createServer();
  const server = new WebSocketServer({ server: http });
  server.on("connection", (socket, { url = "", headers }) => {
    const session = serve({
      url,
      headers,
      send: (message) => socket.send(Buffer.from(typeof message === "string" ? message : JSON.stringify(message))),
      close: (code) => socket.close(code),
      drop: () => socket.terminate(),
    });
    socket.on("message", (data: Buffer) => session.take(JSON.parse(data.toString()) as Record<string, unknown>));
    socket.on("close", () => session.over());
    socket.on("error", () => socket.terminate());
  });
  await new Promise<void>((resolve) => {
    http.listen(0, "127.0.0.1", resolve);
  });
  return {
    baseUrl: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    count: () => server.clients.size,
    freeze: () => {
      for (const client of server.clients) client.pause();
    },
    stop: async () => {
      for (const client of server.clients) client.terminate();
      await new Promise<void>((resolve) => {
        http.close(() => resolve());
      });
    },
  };
}
