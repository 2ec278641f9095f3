/** List prices of the platform, beyond what is included, and what an hour costs by them. Pure. */

/** USD for one, from the pages below, as they were on `pricesReadOn`. */
export const prices = {
  /** HTTP requests, RPC calls and alarms of objects; 20 WebSocket messages that come in count as one. */
  objectRequest: 0.15 / 1e6,
  messagesPerRequest: 20,
  /** Wall-clock time of an object that can't hibernate: 128 MB each, whatever it uses. */
  objectGbSecond: 12.5 / 1e6,
  objectGb: 0.128,
  objectRowWritten: 1 / 1e6,
  objectRowRead: 0.001 / 1e6,
  workerRequest: 0.3 / 1e6,
  cpuMs: 0.02 / 1e6,
  r2ClassA: 4.5 / 1e6,
  r2ClassB: 0.36 / 1e6,
  d1RowWritten: 1 / 1e6,
  d1RowRead: 0.001 / 1e6,
  kvRead: 0.5 / 1e6,
  kvWrite: 5 / 1e6,
} as const;

export const pricesReadOn = "29 November 2026";
export const pricePages = [
  "https://developers.cloudflare.com/durable-objects/platform/pricing/",
  "https://developers.cloudflare.com/r2/pricing/",
  "https://developers.cloudflare.com/workers/platform/pricing/",
] as const;

/** What was done, by what the bill calls it. */
export interface Operations {
  readonly workerRequests: number;
  readonly objectRequests: number;
  readonly messages: number;
  readonly alarmsRun: number;
  readonly alarmsSet: number;
  readonly rowsWritten: number;
  readonly rowsRead: number;
  readonly classA: number;
  readonly classB: number;
  readonly d1RowsWritten: number;
  readonly d1RowsRead: number;
  readonly kvReads: number;
  readonly kvWrites: number;
}

/** Whether the meter counts it as a class of objects. */
export const isObject = (who: string): boolean => !["Worker", "R2", "D1", "KV"].includes(who);

/** Sums of counts as the meter names them: `CLASS what`. */
export function operationsOf(counts: Readonly<Record<string, number>>): Operations {
  const sum = (what: string, isOf: (who: string) => boolean): number =>
    Object.entries(counts).reduce((total, [key, count]) => {
      const [who = "", name] = key.split(" ");
      return name === what && isOf(who) ? total + count : total;
    }, 0);
  const of = (who: string, what: string): number => counts[`${who} ${what}`] ?? 0;
  return {
    workerRequests: of("Worker", "requests"),
    objectRequests: sum("requests", isObject),
    messages: sum("messages", isObject),
    alarmsRun: sum("alarms_run", isObject),
    alarmsSet: sum("alarms_set", isObject),
    rowsWritten: sum("rows_written", isObject),
    rowsRead: sum("rows_read", isObject),
    classA: of("R2", "class_a"),
    classB: of("R2", "class_b"),
    d1RowsWritten: of("D1", "rows_written"),
    d1RowsRead: of("D1", "rows_read"),
    kvReads: of("KV", "reads"),
    kvWrites: of("KV", "writes"),
  };
}

/** USD by kind. An alarm that is set is among the rows written. */
export function costOf(done: Operations): Readonly<Record<string, number>> {
  return {
    "R2 class A": done.classA * prices.r2ClassA,
    "R2 class B": done.classB * prices.r2ClassB,
    "rows written": done.rowsWritten * prices.objectRowWritten,
    "rows read": done.rowsRead * prices.objectRowRead,
    "object requests":
      (done.objectRequests + done.alarmsRun + done.messages / prices.messagesPerRequest) * prices.objectRequest,
    "Worker requests": done.workerRequests * prices.workerRequest,
    D1: done.d1RowsWritten * prices.d1RowWritten + done.d1RowsRead * prices.d1RowRead,
    KV: done.kvReads * prices.kvRead + done.kvWrites * prices.kvWrite,
  };
}

/** USD of an hour in which one object never hibernates: the most that its duration can come to. */
export const awakeHour = 3_600 * prices.objectGb * prices.objectGbSecond;
