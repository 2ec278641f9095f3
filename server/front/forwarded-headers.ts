/** Headers on their way through the front listener, as flat lists of names and values: what came twice goes on twice. */

/** RFC 9110 §7.6.1, and what `Connection` names besides. */
const hopByHop =
  /^(connection|keep-alive|proxy-connection|proxy-authenticate|proxy-authorization|te|trailer|transfer-encoding|upgrade)$/i;
/** Of the runtime, which believes them; the caller's address, which is known here; what Node answers by itself. */
const ofTheRuntime = /^(mf-.*|cf-connecting-ip|expect)$/i;
/**
 * Of an upgrade. Its frames are read on their way: they may not be compressed. And it has no body (RFC 6455 §4.1): of one that it names, the
 * runtime would wait for the end, and say nothing on the socket that it opened.
 */
const notOfUpgrades = /^(sec-websocket-extensions|content-length|transfer-encoding)$/i;

/**
 * What says where a message ends and whom it is for: taken away because a client names it in `Connection`, it would leave a body
 * that the runtime reads as the next request.
 */
const framing = /^(content-length|host)$/i;

/** Headers of a request as the Worker may see them. @param isChunked leaves no other word on its length. */
export function requestHeaders(
  raw: readonly string[],
  remoteAddress: string | undefined,
  isChunked: boolean,
): string[] {
  const kept = keep(raw, (name) => !ofTheRuntime.test(name) && !(isChunked && same(name, "content-length")));
  return remoteAddress === undefined ? kept : [...kept, "CF-Connecting-IP", remoteAddress];
}

/** Of a handshake: those of the connection go on, since it becomes one with the other side's. */
export function upgradeHeaders(raw: readonly string[], remoteAddress: string | undefined): string[] {
  const kept = pairs(raw).filter(([name]) => !ofTheRuntime.test(name) && !notOfUpgrades.test(name));
  return remoteAddress === undefined ? kept.flat() : [...kept.flat(), "CF-Connecting-IP", remoteAddress];
}

/** Of an answer. */
export function answerHeaders(raw: readonly string[]): string[] {
  return keep(raw, () => true);
}

function keep(raw: readonly string[], isWanted: (name: string) => boolean): string[] {
  const ofConnection = pairs(raw)
    .filter(([name]) => same(name, "connection"))
    .flatMap(([, value]) => value.split(",").map((name) => name.trim()));
  const isKept = (name: string): boolean =>
    !hopByHop.test(name) && isWanted(name) && (framing.test(name) || !ofConnection.some((named) => same(named, name)));
  return pairs(raw)
    .filter(([name]) => isKept(name))
    .flat();
}

function pairs(raw: readonly string[]): [string, string][] {
  return raw.flatMap((name, index): [string, string][] => (index % 2 === 0 ? [[name, raw[index + 1] ?? ""]] : []));
}

function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
