/** How the installation runs, and what happened to a meeting: for who runs it. */
import {
  type EdgeHealth,
  edgeHealthSchema,
  traceAnswerSchema,
  type TraceAnswer,
} from "../../schemas/http/telemetry.ts";
import type { Caller } from "./caller.ts";
import type { CallOptions } from "./call-options.ts";

export type { EdgeHealth };
export type Trace = TraceAnswer;

export interface TraceOptions extends CallOptions {
  /** An ISO date with its time; without it the last hour. */
  readonly at?: string | undefined;
  /** How many minutes before and after; 5 by default. */
  readonly minutes?: number | undefined;
}

/** As all methods of a results client. They take a key with the scope `admin`. */
export interface OperatorCalls {
  /** What waits, what fails and which alerts fire, in all tenants: for keys of the tenant `default`. */
  edgeHealth(options?: CallOptions): Promise<EdgeHealth>;
  /** The lines of a meeting's requests, connections, calls and webhooks around a time. */
  trace(sessionId: string, options?: TraceOptions): Promise<Trace>;
}

export async function edgeHealth(caller: Caller, { signal }: CallOptions = {}): Promise<EdgeHealth> {
  return caller.json({ method: "GET", path: "admin/edge-health", repeatable: true, signal }, edgeHealthSchema);
}

export async function trace(caller: Caller, sessionId: string, options: TraceOptions = {}): Promise<Trace> {
  const { at, minutes, signal } = options;
  const query = new URLSearchParams({
    ...(at === undefined ? {} : { at }),
    ...(minutes === undefined ? {} : { minutes: String(minutes) }),
  });
  const base = `v1/sessions/${encodeURIComponent(sessionId)}/trace`;
  const path = query.size === 0 ? base : `${base}?${query.toString()}`;
  return caller.json({ method: "GET", path, repeatable: true, signal }, traceAnswerSchema);
}
