/** Trace ids per W3C Trace Context: the caller's where `traceparent` is well-formed, else a new one. */
const traceparentPattern = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?$/;

export function traceIdFrom(traceparent: string | undefined): string {
  const given = traceparent === undefined ? undefined : traceparentPattern.exec(traceparent)?.[1];
  return given ?? crypto.randomUUID().replaceAll("-", "");
}
