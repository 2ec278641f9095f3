/** The other end of `Thread`: answers calls one after the other, in the order in which they came. */
import { parentPort } from "node:worker_threads";
import { Failure } from "../../../schemas/lib/failure.ts";
import type { ThreadAnswer, ThreadCall } from "./thread.ts";

type ThreadHandler = (argument: unknown) => unknown;

export function serveThread(handlers: Readonly<Record<string, ThreadHandler>>): void {
  const port = parentPort;
  if (!port) throw new Error("this file is a thread's");
  let last = Promise.resolve();
  port.on("message", (call: ThreadCall) => {
    last = last.then(async () => port.postMessage(await answer(call, handlers), []));
  });
}

async function answer(
  { id, name, argument }: ThreadCall,
  handlers: Readonly<Record<string, ThreadHandler>>,
): Promise<ThreadAnswer> {
  try {
    const handle = handlers[name];
    if (!handle) throw new Error(`the thread has no ${name}`);
    return { id, value: await handle(argument) };
  } catch (cause) {
    const isFailure = cause instanceof Failure;
    const message =
      cause instanceof Error ? (isFailure ? cause.message : (cause.stack ?? cause.message)) : String(cause);
    return { id, error: { message, isFailure } };
  }
}
