/** Every route that reads a meeting, one after the other, some a second, whether the one before was answered or not. */
import { setTimeout as sleep } from "node:timers/promises";
import { percentile } from "../cli/percentile.ts";
import type { HttpTarget } from "../smoke/gateway-http.ts";

/** How long a stream of events is followed. */
const streamMs = 2_000;

/** What became of the reads of a bench, each route by its name. */
export class ReadTimes extends Map<string, Took> {
  /** Tells the routes that were read just then of an ack, and how long it took. */
  acked(ms: number): void {
    const sentAt = performance.now() - ms;
    for (const took of this.values()) if (took.isReading || took.readUntil > sentAt) took.acked(ms);
  }
}

/** What became of the reads of one route. */
export class Took {
  readonly #ms: number[] = [];
  readonly #statuses = new Map<number, number>();
  #begun = 0;
  /** As `performance.now()`. */
  readUntil = Number.NEGATIVE_INFINITY;
  #worstAckMs = 0;

  get isReading(): boolean {
    return this.#begun > this.#ms.length;
  }

  /** The longest that an ack took while it was read. */
  get worstAckMs(): number {
    return this.#worstAckMs;
  }

  acked(ms: number): void {
    this.#worstAckMs = Math.max(this.#worstAckMs, ms);
  }

  begin(): void {
    this.#begun += 1;
  }

  add(status: number, ms: number): void {
    this.readUntil = performance.now();
    this.#ms.push(ms);
    this.#statuses.set(status, (this.#statuses.get(status) ?? 0) + 1);
  }

  p50(): number {
    return percentile(this.#ms, 0.5);
  }

  statuses(): string {
    return [...this.#statuses].map(([status, count]) => `${count} x ${status}`).join(", ");
  }
}

/** By name, the path of each route. @param count of events. */
export function routesOf(sessionId: string, count: number): readonly (readonly [string, string])[] {
  const of = (path: string): string => `v1/sessions/${sessionId}${path}`;
  return [
    ["session", of("")],
    ["state", of("/state")],
    ["transcript.vtt", of("/transcript.vtt")],
    ["transcript.srt", of("/transcript.srt")],
    ["transcript.txt", of("/transcript.txt")],
    ["speakers.rttm", of("/speakers.rttm")],
    ["events, first page", of("/events?limit=1000")],
    ["events, middle page", of(`/events?after=${Math.floor(count / 2)}&limit=1000`)],
    ["events as a stream", of(`/events?after=${Math.floor(count / 2)}`)],
    ["results", of("/results")],
    ["result", of("/result")],
    ["sessions", "v1/sessions"],
  ];
}

/** Reads until `signal` aborts, and then to the end of what was begun. */
export async function readRound(
  { baseHttp, sessionId }: HttpTarget,
  { events, readers }: { readonly events: number; readonly readers: number },
  times: ReadTimes,
  signal: AbortSignal,
): Promise<void> {
  const routes = routesOf(sessionId, events);
  const begun: Promise<void>[] = [];
  for (let n = 0; !signal.aborted; n += 1) {
    const [name, path] = routes[n % routes.length] ?? ["", ""];
    const took = times.get(name) ?? new Took();
    times.set(name, took);
    begun.push(readOne(new URL(path, baseHttp), name.endsWith("stream"), took));
    await sleep(1_000 / readers);
  }
  await Promise.all(begun);
}

/** A route that fails is told by its status, one without an answer by 0. */
async function readOne(url: URL, isStream: boolean, took: Took): Promise<void> {
  const startedAt = performance.now();
  took.begin();
  const leaving = new AbortController();
  const headers = isStream ? { accept: "text/event-stream" } : {};
  let status = 0;
  let timer: NodeJS.Timeout | undefined;
  try {
    const answer = await fetch(url, { signal: leaving.signal, headers });
    if (isStream) timer = setTimeout(() => leaving.abort(), streamMs);
    await answer.arrayBuffer();
    ({ status } = answer);
  } catch {
    if (leaving.signal.aborted) status = 200;
  } finally {
    clearTimeout(timer);
    took.add(status, performance.now() - startedAt);
  }
}
