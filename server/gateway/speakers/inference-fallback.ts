/**
 * The inference service on this machine, and the embedded resolver while it is not there. A service that is there and does not
 * answer well is waited for as any other: its voices are the better ones, and another resolver's speakers would be other people.
 */
import type { Inference } from "./inference-client.ts";

export function withFallback(service: Inference, embedded: Inference): Inference {
  return async (request) => {
    const answer = await service(request);
    const isThere = answer.ok || answer.error.isUnreachable !== true;
    return isThere ? answer : embedded(request);
  };
}
