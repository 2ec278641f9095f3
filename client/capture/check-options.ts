/** What is asked of a capture's options before anything is opened. */
import { addressFault } from "../../schemas/wire/address-fault.ts";
import { sessionIdPattern, trackNamePattern } from "../../schemas/name-patterns.ts";
import { type CaptureOptions, trackOf } from "./capture-types.ts";

/** @throws TypeError or RangeError where a name, an address or a setting can't be one. */
export function checkOptions(options: CaptureOptions): void {
  checkName("sessionId", options.sessionId, sessionIdPattern);
  checkName("track", trackOf(options), trackNamePattern);
  checkSettings(options);
  if (options.WebSocket === undefined && !("WebSocket" in globalThis)) {
    throw new TypeError(
      "This runtime has no global WebSocket: give one as `WebSocket`, that of the package `ws`, say.",
    );
  }
}

function checkName(what: string, name: unknown, pattern: RegExp): void {
  if (typeof name !== "string" || !pattern.test(name)) throw new TypeError(`${what} must match ${pattern.source}`);
}

/** Wrong ones would be believed: a timer of NaN ms fires without pause, and no room is at an address of another kind. */
function checkSettings({ baseUrl, times = {}, maxUnsavedSeconds = 0 }: CaptureOptions): void {
  const fault = addressFault(baseUrl);
  if (fault !== undefined) throw new TypeError(`baseUrl ${fault}`);
  if (!/^(https?|wss?):$/.test(new URL(baseUrl).protocol))
    throw new TypeError("baseUrl begins with http(s):// or ws(s)://");
  if (!(maxUnsavedSeconds >= 0)) throw new RangeError(`maxUnsavedSeconds must be 0 or more, not ${maxUnsavedSeconds}`);
  for (const [name, ms] of Object.entries(times))
    if (!(ms > 0 && ms < Infinity)) throw new RangeError(`times.${name} must be above 0, not ${ms}`);
}
