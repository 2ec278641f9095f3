/** A meeting's transcription as this page sees it: begun with a model of the person's choice, watched, called off. */
import { computed, type ReadonlySignal, signal } from "@preact/signals";
import type { Transcription } from "../../index.ts";
import { gateway, withAccess } from "../api/gateway.ts";
import { plainWords } from "../api/plain-words.ts";
import type { Meeting } from "./meeting.ts";
import { notify } from "./notices.ts";

const storeName = "roomtone.transcribing";

interface Begun {
  readonly sessionId: string;
  readonly model: string | undefined;
}

export class Rewriting {
  readonly at = signal<Transcription | undefined>(undefined);
  readonly isBusy = signal(false);
  readonly isRunning: ReadonlySignal<boolean> = computed(() => this.at.value?.status === "running");
  /** From 0 to 1. */
  readonly share: ReadonlySignal<number> = computed(() => {
    const tracks = this.at.value?.tracks ?? [];
    const all = tracks.reduce((sum, { duration_ms }) => sum + duration_ms, 0);
    return all === 0 ? 0 : tracks.reduce((sum, { transcribed_ms }) => sum + transcribed_ms, 0) / all;
  });
  readonly #meeting: Meeting;
  readonly #ending = new AbortController();

  constructor(meeting: Meeting) {
    this.#meeting = meeting;
  }

  /** Goes on watching what this tab began before it was reloaded. @returns what ends watching. */
  open(): () => void {
    const begun = readBegun();
    // Asked again while it runs, the gateway says how far the same one is.
    if (begun?.sessionId === this.#meeting.sessionId) void this.begin(begun.model);
    return () => this.#ending.abort(new DOMException("The view was left.", "AbortError"));
  }

  /** @param model undefined for the preferred one. */
  async begin(model: string | undefined): Promise<void> {
    this.isBusy.value = true;
    const { sessionId } = this.#meeting;
    writeBegun({ sessionId, model });
    try {
      const options = { model, signal: this.#ending.signal, onProgress: this.#take };
      const done = await withAccess(() => gateway.transcribe(sessionId, options));
      this.#tell(done);
      await this.#meeting.catchUp();
    } catch (cause) {
      if (this.#ending.signal.aborted) return;
      // What is no longer watched must not look as if it went on: asked for again, the same one is watched.
      const words = this.isRunning.value ? "How far it is can’t be told any more." : "It was not written down.";
      this.at.value = undefined;
      notify("problem", `${words} ${plainWords(cause)}`);
    } finally {
      this.isBusy.value = false;
      // A view that is left goes on with it when it comes back.
      if (!this.#ending.signal.aborted) writeBegun(undefined);
    }
  }

  async cancel(): Promise<void> {
    try {
      this.at.value = await withAccess(() => gateway.cancelTranscription(this.#meeting.sessionId));
    } catch (cause) {
      notify("problem", `It goes on. ${plainWords(cause)}`);
    }
  }

  readonly #take = (at: Transcription): void => {
    this.at.value = at;
  };

  #tell({ status, error, utterances }: Transcription): void {
    if (status === "failed") return notify("problem", `It was not written down to its end. ${error?.detail ?? ""}`);
    notify(
      "done",
      status === "cancelled" ? "Called off. What was written stays." : `Written down: ${utterances} lines.`,
    );
  }
}

function readBegun(): Begun | undefined {
  try {
    const [sessionId, model] = (sessionStorage.getItem(storeName) ?? "").split("\n");
    return sessionId ? { sessionId, model: model || undefined } : undefined;
  } catch {
    return undefined;
  }
}

function writeBegun(begun: Begun | undefined): void {
  try {
    if (begun) sessionStorage.setItem(storeName, `${begun.sessionId}\n${begun.model ?? ""}`);
    else sessionStorage.removeItem(storeName);
  } catch {
    // It is watched for as long as this view is open, then.
  }
}
