/**
 * What the room tells of itself to the app (SPEC Z5): what it has counted, what waits, and since when. Totals are read from the tables
 * that acks stand on, so that they are right through any kill; each report says what was told before, so that nothing counts twice.
 * Costs a chunk two comparisons; nothing is told while no app is bound.
 */
import type { MeetingReport, MeetingTotals, TelemetryBatch } from "../../../schemas/telemetry.ts";
import { meetingTotalsSchema } from "../../../schemas/telemetry.ts";
import { chunkBytes } from "../../../schemas/wire/audio.ts";
import { withTimeout } from "../../../schemas/lib/timeout.ts";
import { Cooldown } from "../../shared/lib/cooldown.ts";
import { stmt } from "../../shared/lib/stmt.ts";
import { describeError } from "../../shared/telemetry/log.ts";
import { observe } from "../../shared/telemetry/recorder.ts";
import type { Core } from "../core/core.ts";
import type { Part } from "../core/part.ts";
import type { TracksPart } from "../tracks/part.ts";
import type { Tracks } from "../tracks/tracks.ts";

export const telemetryTimings = {
  /** What is counted is told after so long. */
  gatherMs: 10_000,
  /** While webhooks wait, which they do for days. */
  webhooksMs: 60_000,
  timeoutMs: 10_000,
} as const;
/** One ack in so many is measured. */
const sampleEvery = 10;
const job = "telemetry";

export interface TelemetryDeps {
  readonly tracks: Pick<Tracks, "rows" | "pendingChunks" | "unarchived">;
  readonly quotaUse: TracksPart["quotaUse"];
  /** Whether windows wait for a speaker-resolve service that fails. */
  readonly isInferenceDown: () => boolean;
  /** Undefined where no app is bound. */
  readonly tell: ((batch: TelemetryBatch) => Promise<unknown>) | undefined;
}

const nothing: MeetingTotals = { kept: 0, duplicate: 0, rejected: 0, archived: 0 };
const readTold = stmt<[], { value: string }>("SELECT value FROM meta WHERE key = 'telemetry_told'");
const writeTold = stmt<[value: string]>("INSERT OR REPLACE INTO meta (key, value) VALUES ('telemetry_told', ?)");
const webhookStates = stmt<[], { state: string; n: number }>(
  "SELECT state, count(*) AS n FROM webhook_deliveries WHERE state <> 'delivered' GROUP BY state",
);
const webhooksFailing = stmt<[], { n: number }>(
  "SELECT count(*) AS n FROM webhook_deliveries WHERE state = 'pending' AND failures > 0",
);

export function telemetryPart(core: Core, { tracks, quotaUse, isInferenceDown, tell }: TelemetryDeps): Part {
  const { db, jobs, log, now, random, session, status, store, synced } = core;
  const cooldown = new Cooldown({ firstMs: 10_000, maxMs: 300_000, now, random });
  let [stored, saidAt, saidArchived] = [0, now(), undefined as number | undefined];

  const isGone = (): boolean => status.isGone;

  const totals = (): MeetingTotals => {
    const sums = { ...nothing };
    for (const row of tracks.rows()) {
      sums.kept += row.received_chunks;
      sums.duplicate += row.duplicate_chunks;
      sums.rejected += row.rejected_chunks;
    }
    return { ...sums, archived: sums.kept - tracks.pendingChunks };
  };

  const told = (): MeetingTotals => {
    const row = readTold.first(db);
    return (row && meetingTotalsSchema.safeParse(JSON.parse(row.value)).data) ?? nothing;
  };

  const report = (): MeetingReport => {
    const waiting = new Map(webhookStates.all(db).map(({ state, n }) => [state, n]));
    return {
      tenant: session.tenant,
      session_id: session.sessionId,
      status: isGone() ? "deleted" : store.status === "deleting" ? "deleted" : store.status,
      totals: totals(),
      told: told(),
      pending_chunks: tracks.pendingChunks,
      oldest_pending_at: tracks.unarchived.oldestAt,
      is_inference_down: isInferenceDown(),
      webhooks_pending: waiting.get("pending") ?? 0,
      webhooks_dead: waiting.get("dead") ?? 0,
      webhooks_failing: webhooksFailing.one(db).n,
      quota: quotaUse(),
    };
  };

  /** One line for what went to R2 since the one before. */
  const sayArchived = (): void => {
    const { archived, kept } = totals();
    const before = saidArchived ?? told().archived;
    [saidArchived, saidAt] = [archived, now()];
    if (archived <= before) return;
    const chunks = archived - before;
    log.info("archive_batch", { chunks, bytes_out: chunks * chunkBytes, pending: kept - archived });
  };

  const wake = (inMs: number): void => {
    if (tell) jobs.at(job, Math.max(now() + inMs, cooldown.until));
  };

  const run = async (): Promise<void> => {
    if (!tell || isGone()) return;
    if (!cooldown.isOver) return wake(0);
    sayArchived();
    const meeting = report();
    await synced();
    try {
      const batch = { id: crypto.randomUUID(), lines: [], counts: [], meeting };
      await withTimeout(tell(batch), telemetryTimings.timeoutMs, "the app");
    } catch (cause) {
      const delay_ms = cooldown.failed();
      log.warn("telemetry.not_taken", { delay_ms, error: describeError(cause) });
      return wake(0);
    }
    cooldown.succeeded();
    if (isGone()) return;
    if (JSON.stringify(meeting.told) !== JSON.stringify(meeting.totals))
      writeTold.run(db, JSON.stringify(meeting.totals));
    if (meeting.pending_chunks > 0 || meeting.is_inference_down) wake(telemetryTimings.gatherMs);
    else if (meeting.webhooks_pending > 0) wake(telemetryTimings.webhooksMs);
  };

  const measure = async (): Promise<void> => {
    const begunAt = now();
    try {
      await synced();
      observe("roomtone_ack_seconds", Math.max(0, now() - begunAt) / 1_000);
    } catch {
      // The platform ends the room, and the ack with it: there is nothing to measure.
    }
  };

  return {
    name: "telemetry",
    jobs: { [job]: run },
    on: {
      eventAppended: ({ type }) => {
        // At once: the report after the last chunk may have been too early to know.
        if (type === "resolve.stalled" || type === "resolve.resumed") wake(1_000);
      },
      chunkStored: () => {
        stored += 1;
        if (stored % sampleEvery === 1) void measure();
        if (now() - saidAt >= telemetryTimings.gatherMs) sayArchived();
        wake(telemetryTimings.gatherMs);
      },
      statusChanged: () => {
        if (!isGone()) wake(1_000);
      },
    },
    woke: () => {
      // What was counted before a crash, or waits still.
      if (!isGone() && JSON.stringify(told()) !== JSON.stringify(totals())) wake(telemetryTimings.gatherMs);
    },
  };
}
