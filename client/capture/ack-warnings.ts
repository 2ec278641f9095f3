/** What the room says of seconds that it keeps (SPEC W18): told once for each code, not with every second. */
import type { CaptureEvents } from "./capture-types.ts";
import type { AckMessage } from "./read-message.ts";

/** However many codes a gateway makes up. */
const maxCodes = 32;

export function ackWarnings(tell: (warning: CaptureEvents["warning"]) => void): (ack: AckMessage) => void {
  const told = new Set<string>();
  return (ack) => {
    const warning = warningIn(ack.warning);
    if (!warning || told.has(warning.code) || told.size >= maxCodes) return;
    told.add(warning.code);
    tell({ ...warning, seq: ack.seq });
  };
}

function warningIn(value: unknown): { readonly code: string; readonly detail: string } | undefined {
  if (typeof value !== "object" || value === null || !("code" in value) || !("detail" in value)) return undefined;
  const { code, detail } = value;
  return typeof code === "string" && typeof detail === "string" ? { code, detail } : undefined;
}
