/** `startCapture` with what Node has: a clock that runs on while the machine sleeps; and for Node 20, the WebSocket of `ws`. */
import { uptime } from "node:os";
import { type Capture, startCapture as start } from "../capture/capture.ts";
import type { CaptureOptions } from "../capture/capture-types.ts";

/** Starts a capture, or continues the one that the outbox holds. Throws where a name or the format is wrong. */
export async function startCapture(options: CaptureOptions): Promise<Capture> {
  const withClock = { elapsed: () => uptime() * 1_000, ...options };
  if (options.WebSocket !== undefined || "WebSocket" in globalThis) return start(withClock);
  return start({ ...withClock, WebSocket: await installedWebSocket() });
}

async function installedWebSocket(): Promise<unknown> {
  try {
    return (await import("ws")).WebSocket;
  } catch (cause) {
    throw new TypeError("This Node has no WebSocket of its own: install the package `ws` beside @roomtone/client.", {
      cause,
    });
  }
}
