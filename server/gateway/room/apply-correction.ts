/** What a person says of the speakers, as the Worker's routes hand it to the room. */
import type { TurnBody } from "../../../schemas/http/corrections.ts";
import type { Result } from "../../../schemas/lib/result.ts";
import type { RoomEvent } from "../../../schemas/speech/events.ts";
import type { CorrectionRefusal, Corrections } from "../speakers/corrections.ts";

export type Correction =
  | { readonly kind: "bind"; readonly clusterId: string; readonly name: string }
  | { readonly kind: "unbind"; readonly clusterId: string }
  | { readonly kind: "merge"; readonly clusterId: string; readonly into: string }
  | { readonly kind: "origin"; readonly track: string; readonly originMs: number | null }
  | { readonly kind: "turn"; readonly turnId: number; readonly body: TurnBody };

export function applyCorrection(
  corrections: Corrections,
  correction: Correction,
): Result<RoomEvent[], CorrectionRefusal> {
  switch (correction.kind) {
    case "bind":
      return corrections.bind(correction.clusterId, correction.name);
    case "unbind":
      return corrections.unbind(correction.clusterId);
    case "merge":
      return corrections.merge(correction.clusterId, correction.into);
    case "origin":
      return corrections.setOrigin(correction.track, correction.originMs);
    case "turn":
      return corrections.judgeTurn(correction.turnId, correction.body);
  }
}
