/** V8's inspector of one Worker, as far as a CPU profile needs it: the DevTools protocol over a WebSocket (`Profiler`). */
import { once } from "node:events";
import { WebSocket } from "ws";
import * as z from "zod";
import { within } from "../../client/testkit/within.ts";
import { Failure } from "../../schemas/lib/failure.ts";
import { type CpuProfile, cpuProfileSchema } from "./cpu-profile.ts";

/** Long profiles are megabytes of JSON. */
const maxMessageBytes = 1 << 30;
const answerTimeoutMs = 60_000;
/** Between two looks at the stack, µs. */
const sampleEveryUs = 500;

const targetsSchema = z.array(z.object({ id: z.string(), webSocketDebuggerUrl: z.url() }));
const answerSchema = z.object({
  id: z.number(),
  result: z.unknown().optional(),
  error: z.object({ message: z.string() }).optional(),
});

export interface Profiler {
  start(): Promise<void>;
  stop(): Promise<CpuProfile>;
  close(): void;
}

/** As the runtime calls the gateway's. Of Workers that wait for much, the inspector counts the waiting too: they are not profiled. */
const gatewayWorker = "core:user:roomtone";

/** @param port of the inspector. */
export async function openGatewayProfiler(port: number): Promise<Profiler> {
  const answer = await fetch(`http://127.0.0.1:${port}/json`);
  const target = targetsSchema.parse(await answer.json()).find(({ id }) => id === gatewayWorker);
  if (!target) throw new Failure("The inspector does not know the gateway's Worker.");
  return openProfiler(target.webSocketDebuggerUrl);
}

async function openProfiler(url: string): Promise<Profiler> {
  const socket = new WebSocket(url, { perMessageDeflate: false, maxPayload: maxMessageBytes });
  const waiting = new Map<number, (answer: z.infer<typeof answerSchema>) => void>();
  socket.on("message", (data: Buffer) => {
    const answer = answerSchema.safeParse(JSON.parse(data.toString()));
    if (!answer.success) return;
    waiting.get(answer.data.id)?.(answer.data);
    waiting.delete(answer.data.id);
  });
  await once(socket, "open");
  let count = 0;
  const call = async (method: string, params: object = {}): Promise<unknown> => {
    count += 1;
    const id = count;
    const answered = new Promise<z.infer<typeof answerSchema>>((resolve) => waiting.set(id, resolve));
    socket.send(JSON.stringify({ id, method, params }));
    const { result, error } = await within(answerTimeoutMs, answered, "The inspector does not answer.");
    if (error) throw new Failure(`${method}: ${error.message}`);
    return result;
  };
  await call("Profiler.enable");
  await call("Profiler.setSamplingInterval", { interval: sampleEveryUs });
  return {
    start: async () => {
      await call("Profiler.start");
    },
    stop: async () => z.object({ profile: cpuProfileSchema }).parse(await call("Profiler.stop")).profile,
    close: () => socket.terminate(),
  };
}
