/**
 * The inference service of `npm start`, begun by whoever asks it first: until then there is a listener on a free port of this
 * machine and nothing else, so that a start takes no longer and a meeting without speech costs nothing. Whether it is there (`HEAD`, as
 * `GET /ready` asks) begins nothing: it can be asked. Guarantees that the service ends with this process, however that ends.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { root } from "./bundle/worker-configs.ts";
import { readsTypeScript } from "./reads-typescript.ts";

export interface InferenceOnDemand {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

const hostname = "127.0.0.1";
const maxSaidChars = 10_000;
const script = join(root, "server", "inference", "main.ts");

/** @param begin starts a service; another one in tests. */
export async function openInference(begin: typeof startService = startService): Promise<InferenceOnDemand> {
  let service: Promise<Service> | undefined;
  let state: "not begun" | "running" | "failed" = "not begun";
  // One that died is begun anew.
  const ended = (): void => {
    service = undefined;
    state = "not begun";
  };
  const serve = async (socket: Socket): Promise<void> => {
    const begun = (service ??= begin(ended));
    try {
      const { port } = await begun;
      state = "running";
      passOn(socket, port);
    } catch {
      if (service === begun) service = undefined;
      state = "failed";
      socket.destroy();
    }
  };
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    socket.on("error", () => socket.destroy());
    socket.once("data", (first: Buffer) => {
      socket.pause();
      if (state !== "running" && first.toString("latin1", 0, 5) === "HEAD ") {
        socket.end(answer(state === "failed" ? "503 Service Unavailable" : "200 OK"));
        return;
      }
      socket.unshift(first);
      void serve(socket);
    });
  });
  server.listen(0, hostname);
  await once(server, "listening");
  // It keeps nobody from ending.
  server.unref();
  return {
    url: `http://${hostname}:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      server.close();
      for (const socket of sockets) socket.destroy();
      const running = await service?.catch(() => undefined);
      await running?.stop();
    },
  };
}

function answer(status: string): string {
  return `HTTP/1.1 ${status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`;
}

function passOn(socket: Socket, port: number): void {
  const onward = connect(port, hostname);
  onward.on("error", () => socket.destroy());
  socket.on("close", () => onward.destroy());
  onward.on("close", () => socket.destroy());
  socket.pipe(onward).pipe(socket);
}

export interface Service {
  readonly port: number;
  readonly stop: () => Promise<void>;
}

async function startService(ended: () => void): Promise<Service> {
  // The channel is how the service hears that this process is gone.
  const child = spawn(process.execPath, [...readsTypeScript, script, "--port", "0"], {
    stdio: ["ignore", "pipe", "inherit", "ipc"],
  });
  child.once("exit", ended);
  const port = await portOf(child);
  return {
    port,
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exit = once(child, "exit");
      child.kill("SIGTERM");
      await exit;
    },
  };
}

function portOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let said = "";
    child.stdout?.on("data", (part: Buffer) => {
      if (said.length < maxSaidChars) said += part.toString();
      const port = /^ready \S+:(\d+)$/m.exec(said)?.[1];
      if (port !== undefined) resolve(Number(port));
    });
    child.once("error", reject);
    child.once("exit", () => reject(new Error("the inference service ended before it was ready")));
  });
}
