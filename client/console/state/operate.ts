/** How the installation runs, and what happened to a meeting: asked for by the view that shows it. */
import { signal } from "@preact/signals";
import type { EdgeHealth, Trace } from "../../index.ts";
import { gateway, withAccess } from "../api/gateway.ts";
import { plainWords } from "../api/plain-words.ts";

export const installation = signal<EdgeHealth | undefined>(undefined);
export const installationProblem = signal<string | undefined>(undefined);

export async function lookAtInstallation(ending: AbortSignal): Promise<void> {
  try {
    installation.value = await withAccess(() => gateway.edgeHealth({ signal: ending }));
    installationProblem.value = undefined;
  } catch (cause) {
    if (!ending.aborted) installationProblem.value = plainWords(cause);
  }
}

export const traced = signal<Trace | undefined>(undefined);
export const traceProblem = signal<string | undefined>(undefined);

/** @param at as a browser's field has it, local time; empty: the last hour. */
export async function lookAtTrace(sessionId: string, at: string, minutes: number): Promise<void> {
  try {
    const around = at === "" ? {} : { at: new Date(at).toISOString(), minutes };
    traced.value = await withAccess(() => gateway.trace(sessionId, around));
    traceProblem.value = undefined;
  } catch (cause) {
    [traced.value, traceProblem.value] = [undefined, plainWords(cause)];
  }
}
