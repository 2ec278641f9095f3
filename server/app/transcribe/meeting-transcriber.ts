/**
 * The transcription of one meeting, one object a session: a row says how far it is, and alarms go on from there, a minute of audio each,
 * so that a crash in the middle loses nothing and doubles nothing (SPEC M30). Keeps no word of the meeting.
 */
import { DurableObject } from "cloudflare:workers";
import { backoffMs } from "../../../schemas/lib/backoff.ts";
import { err, ok, type Result } from "../../../schemas/lib/result.ts";
import { describeError, log } from "../../shared/telemetry/log.ts";
import type { Env } from "../env.ts";
import { openSpeech } from "../ai/index.ts";
import type { Call } from "../ai/ports.ts";
import { hear, transcribersFor } from "../hearing/hear.ts";
import { type TranscriptionRow, TranscriptionStore } from "./transcription-row.ts";
import { nextStep, type Step, type StepFailure } from "./transcription-step.ts";

/** An object that dies in the middle of a step is woken this soon to do it again. */
const backstopMs = 15_000;
const retry = { firstMs: 2_000, maxMs: 120_000, least: "half" } as const;
const maxFailures = 8;

/** What is to be transcribed. */
export type Wanted = Pick<TranscriptionRow, "session" | "subject" | "trace_id" | "model"> & {
  readonly tracks: readonly { readonly track: string; readonly duration_ms: number }[];
};

export class MeetingTranscriber extends DurableObject<Env> {
  readonly #store = new TranscriptionStore(this.ctx.storage.sql);
  #step: AbortController | undefined;

  /** Begins a transcription, or joins the one that runs if it is of the same model and tracks. */
  async start(wanted: Wanted): Promise<Result<TranscriptionRow, "transcription_running">> {
    const before = this.#store.read();
    if (before?.status === "running") return isOf(before, wanted) ? ok(before) : err("transcription_running");
    const row: TranscriptionRow = {
      ...wanted,
      transcription_id: crypto.randomUUID(),
      status: "running",
      tracks: wanted.tracks.map((track) => ({ ...track, transcribed_ms: 0 })),
      utterances: 0,
      started_at: new Date().toISOString(),
      ended_at: null,
      error: null,
      failures: 0,
    };
    this.#store.write(row);
    await this.ctx.storage.setAlarm(Date.now());
    return ok(row);
  }

  /** The last transcription; undefined where there was none. */
  read(): TranscriptionRow | undefined {
    return this.#store.read();
  }

  async cancel(): Promise<TranscriptionRow | undefined> {
    const row = this.#store.read();
    if (row?.status !== "running") return row;
    this.#step?.abort();
    return this.#end(row, "cancelled", null);
  }

  /** The meeting is deleted. */
  async forget(): Promise<void> {
    this.#step?.abort();
    await this.ctx.storage.deleteAlarm();
    await this.ctx.storage.deleteAll();
  }

  override async alarm(): Promise<void> {
    const row = this.#store.read();
    if (row?.status !== "running") return;
    await this.ctx.storage.setAlarm(Date.now() + backstopMs);
    const step = await this.#run(row);
    const now = this.#store.read();
    // It was called off meanwhile, or is another one.
    if (now?.status !== "running" || now.transcription_id !== row.transcription_id) return;
    await this.#take(now, step);
  }

  /** @returns whether it goes on: it may have been called off meanwhile, or be another one. */
  #save(row: TranscriptionRow): boolean {
    const now = this.#store.read();
    if (now?.status !== "running" || now.transcription_id !== row.transcription_id) return false;
    this.#store.write(row);
    return true;
  }

  async #run(row: TranscriptionRow): Promise<Step> {
    const step = new AbortController();
    this.#step = step;
    try {
      const { tenant, session_id: sessionId } = row.session;
      const speech = await openSpeech(this.env, tenant, (work) => this.ctx.waitUntil(work));
      if (!speech.ok) return { kind: "failed", code: "model_unavailable", canRetry: true };
      const transcribers = transcribersFor(speech.value, row.model);
      const call: Call = {
        tenant,
        subject: row.subject,
        sessionId,
        traceId: row.trace_id,
        route: "POST /v1/sessions/:session_id/transcribe",
        signal: step.signal,
      };
      return await nextStep(row, {
        meetings: this.env.GATEWAY,
        hear: (pcm) => hear(speech.value, transcribers, pcm, call),
        save: (moved) => this.#save(moved),
      });
    } catch (cause) {
      if (!step.signal.aborted)
        log.warn("transcription.failed", { trace_id: row.trace_id, error: describeError(cause) });
      return { kind: "failed", code: "internal", canRetry: true };
    } finally {
      this.#step = undefined;
    }
  }

  async #take(row: TranscriptionRow, step: Step): Promise<void> {
    switch (step.kind) {
      case "moved":
        return this.ctx.storage.setAlarm(Date.now());
      case "done":
        await this.#end(row, "done", null);
        return;
      case "cancelled":
        return;
      case "gone":
        return this.forget();
      case "failed": {
        const failures = row.failures + 1;
        if (!step.canRetry || failures >= maxFailures) {
          await this.#end(row, "failed", step.code);
          return;
        }
        this.#store.write({ ...row, failures });
        return this.ctx.storage.setAlarm(Date.now() + backoffMs(retry, failures, Math.random()));
      }
    }
  }

  async #end(row: TranscriptionRow, status: "done" | "cancelled" | "failed", code: StepFailure | null) {
    const error = code === null ? null : { code, detail: details[code] };
    const ended: TranscriptionRow = { ...row, status, ended_at: new Date().toISOString(), error };
    this.#store.write(ended);
    await this.ctx.storage.deleteAlarm();
    return ended;
  }
}

const details: Readonly<Record<StepFailure, string>> = {
  model_unavailable: "The model was busy or down for too long. What was transcribed stays; begin again later.",
  model_failed: "The model failed again and again. What was transcribed stays; try another model.",
  model_timeout: "The model took too long again and again. What was transcribed stays; try another model.",
  log_full: "The session's event log holds no more. What was transcribed stays.",
  internal: "The meeting could not be read or written. What was transcribed stays; begin again.",
};

function isOf(row: TranscriptionRow, { model, tracks }: Wanted): boolean {
  return row.model === model && namesOf(row.tracks) === namesOf(tracks);
}

function namesOf(tracks: Wanted["tracks"]): string {
  return tracks
    .map(({ track }) => track)
    .toSorted()
    .join("/");
}
