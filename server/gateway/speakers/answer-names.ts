/**
 * Names in an answer of the speaker-resolve service, made fit to be people's names (S8): one line with something to see in it. A
 * name that shows nothing is none. The rest of the answer holds: who spoke is not lost to how somebody is called. Pure.
 */
import type { ResolveAnswer } from "../../../schemas/speech/speakers.ts";
import { visibleLineOf } from "../../../schemas/visible-line.ts";

export function withFitNames(answer: ResolveAnswer): ResolveAnswer {
  const { evidence, speaker_name, updated_state: state } = answer;
  const bindings = Object.entries(state.bindings).flatMap(([id, name]): [string, string][] => {
    const fit = visibleLineOf(name);
    return fit === undefined ? [] : [[id, fit]];
  });
  return {
    ...answer,
    speaker_name: speaker_name === null ? null : (visibleLineOf(speaker_name) ?? null),
    evidence: { ...evidence, ...fitHit("name_hit", evidence.name_hit), ...fitHit("roster_hit", evidence.roster_hit) },
    updated_state: {
      ...state,
      clusters: state.clusters.map(({ bound_name, ...cluster }) => {
        const fit = bound_name == null ? undefined : visibleLineOf(bound_name);
        return { ...cluster, ...(fit === undefined ? {} : { bound_name: fit }) };
      }),
      bindings: Object.fromEntries(bindings),
      ...(state.roster && {
        roster: state.roster.flatMap((entry) => {
          const name = visibleLineOf(entry.name);
          return name === undefined ? [] : [{ ...entry, name }];
        }),
      }),
    },
  };
}

function fitHit(name: "name_hit" | "roster_hit", hit: unknown): object {
  return typeof hit === "string" ? { [name]: visibleLineOf(hit) ?? null } : {};
}
