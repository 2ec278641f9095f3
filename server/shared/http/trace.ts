/**
 * W3C Trace Context: who caused what, across clients, Workers, rooms and the services that they call. What comes is parsed here;
 * what is malformed counts as absent, and a new trace begins.
 */
const traceparentPattern = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-((?!0{16})[0-9a-f]{16})-[0-9a-f]{2}(?:-.*)?$/;

export interface TraceParent {
  /** 32 hex digits: the caller's, else new. */
  readonly traceId: string;
  /** The caller's span, 16 hex digits; undefined where none is named. */
  readonly parentSpanId: string | undefined;
}

export function parseTraceparent(traceparent: string | undefined): TraceParent {
  const [, traceId, parentSpanId] = (traceparent === undefined ? null : traceparentPattern.exec(traceparent)) ?? [];
  return { traceId: traceId ?? newTraceId(), parentSpanId };
}

export function traceIdFrom(traceparent: string | undefined): string {
  return parseTraceparent(traceparent).traceId;
}

export function newTraceId(): string {
  return crypto.randomUUID().replaceAll("-", "");
}

export function newSpanId(): string {
  return newTraceId().slice(0, 16);
}

/** The header of a call. @param spanId of what calls; a new one where its line bears none. */
export function traceparentOf(traceId: string, spanId: string = newSpanId()): string {
  return `00-${traceId}-${spanId}-01`;
}
