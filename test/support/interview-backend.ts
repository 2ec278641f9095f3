/** A backend as interviews have it: a tRPC server with superjson, whose mutation only a caller with the shared secret may use. */
import type { AddressInfo } from "node:net";
import { initTRPC, TRPCError } from "@trpc/server";
import { createHTTPServer } from "@trpc/server/adapters/standalone";
import superjson from "superjson";
import { z } from "zod";

export interface StoredEntry {
  readonly speaker: "USER" | "AI";
  readonly content: string;
  readonly timestamp: Date;
}

export interface InterviewBackend {
  /** Of the mutation. */
  readonly url: string;
  /** By interview and time, as its unique index has them. */
  readonly stored: ReadonlyMap<string, StoredEntry>;
  /** How often the mutation was called, and refused. */
  readonly calls: { taken: number; refused: number };
  stop(): Promise<void>;
}

const transcriptSchema = z.object({
  interviewId: z.string(),
  transcript: z.array(z.object({ speaker: z.enum(["USER", "AI"]), content: z.string(), timestamp: z.date() })),
});

/** @param fault what goes wrong with the nth call, once its entries are stored. */
export async function startInterviewBackend(
  secret: string,
  fault: (call: number) => "fails" | undefined = () => undefined,
): Promise<InterviewBackend> {
  const stored = new Map<string, StoredEntry>();
  const calls = { taken: 0, refused: 0 };
  const t = initTRPC.context<{ authorization: string | undefined }>().create({ transformer: superjson });
  const internalProcedure = t.procedure.use(({ ctx, next }) => {
    if (ctx.authorization !== `Bearer ${secret}`) {
      calls.refused += 1;
      throw new TRPCError({ code: "UNAUTHORIZED" });
    }
    return next();
  });
  const submitTranscript = internalProcedure.input(transcriptSchema).mutation(({ input }) => {
    calls.taken += 1;
    for (const entry of input.transcript) {
      const key = `${input.interviewId} ${entry.timestamp.getTime()}`;
      if (!stored.has(key)) stored.set(key, entry);
    }
    if (fault(calls.taken) === "fails") throw new TRPCError({ code: "INTERNAL_SERVER_ERROR" });
    return { success: true };
  });
  const server = createHTTPServer({
    router: t.router({ interviewWorker: t.router({ submitTranscript }) }),
    createContext: ({ req }) => ({ authorization: req.headers.authorization }),
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve());
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/interviewWorker.submitTranscript`,
    stored,
    calls,
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
