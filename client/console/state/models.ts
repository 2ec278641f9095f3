/** The models of this installation, asked once a page; none where it has none, or where nobody may ask. */
import { computed, signal } from "@preact/signals";
import type { SpeechModel } from "../../index.ts";
import { gatewayAtOnce } from "../api/gateway.ts";
import { plainWords } from "../api/plain-words.ts";

export const models = signal<readonly SpeechModel[] | undefined>(undefined);
export const modelsProblem = signal<string | undefined>(undefined);

/** Those that write down what is said. */
export const transcribers = computed(() => (models.value ?? []).filter(({ kind }) => kind === "stt"));

/** Keeps what is known while it can't be asked. */
export async function lookForModels(ending?: AbortSignal): Promise<void> {
  try {
    models.value = await gatewayAtOnce.models({ signal: ending });
    modelsProblem.value = undefined;
  } catch (cause) {
    if (!ending?.aborted) modelsProblem.value = plainWords(cause);
  }
}
