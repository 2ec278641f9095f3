/**
 * The inference service on this machine, and the embedded resolver for meetings that begin while it is not there. Whoever knows a meeting's
 * voices is asked to its end, for to the other one they would all be strangers, under ids of their own: windows wait for a service that is
 * gone for a moment, or does not answer well, as for any other.
 */
import type { SpeakerState } from "../../../schemas/speech/speakers.ts";
import { voiceValues } from "../../shared/diarizer/model.ts";
import type { Inference } from "./inference-client.ts";

export function withFallback(service: Inference, embedded: Inference): Inference {
  return async (request) => {
    const who = whoKnows(request.state);
    if (who === "embedded") return embedded(request);
    let answer = await service(request);
    // A connection that was kept for the next request may just have been closed.
    if (!answer.ok && answer.error.isUnreachable === true) answer = await service(request);
    const isThere = answer.ok || answer.error.isUnreachable !== true;
    return isThere || who === "service" ? answer : embedded(request);
  };
}

/** Whose voices a meeting's are, by their length; undefined where there is none yet. */
function whoKnows({ clusters }: Pick<SpeakerState, "clusters">): "service" | "embedded" | undefined {
  const known = clusters.filter(({ centroid }) => centroid.length > 0);
  if (known.length === 0) return undefined;
  return known.every(({ centroid }) => centroid.length === voiceValues) ? "embedded" : "service";
}
