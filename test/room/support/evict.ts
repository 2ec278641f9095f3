/** An object taken from memory, as after a time without work; its sockets hibernate. */
import { evictDurableObject } from "cloudflare:test";
import { eventually } from "./waiting.ts";

/** Of an object that runs. workerd waits for a second: what the object has begun may take longer on a busy machine. */
export function evict(stub: DurableObjectStub): Promise<void> {
  return eventually("nothing keeps the object in memory", async () => {
    try {
      await evictDurableObject(stub, { webSockets: "hibernate" });
      return true;
    } catch (cause) {
      if (!String(cause).includes("still has active references")) throw cause;
      return false;
    }
  });
}
