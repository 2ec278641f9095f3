/** The id of a Durable Object by its name, as workerd makes it: its file is named after it. */
import { createHash, createHmac } from "node:crypto";

const idBytes = 16;

/** @param uniqueKey of its class: `WORKER-CLASS`, which its folder is named after. */
export function objectIdOf(uniqueKey: string, name: string): string {
  const key = createHash("sha256").update(uniqueKey).digest();
  const part = (of: string | Uint8Array): Buffer => createHmac("sha256", key).update(of).digest().subarray(0, idBytes);
  const named = part(name);
  return Buffer.concat([named, part(named)]).toString("hex");
}
