/** Entries of what the app's records and the gateway's messages say. */
import { expect, test } from "vitest";
import { ledgerEntrySchema } from "../../../schemas/billing/ledger.ts";
import type { UsageRecord } from "../../../schemas/billing/usage.ts";
import type { FeedMessage } from "../../../schemas/meeting-feed.ts";
import { entriesOfFeed, entryOfCall, entryOfDropped } from "../../../server/app/billing/sources.ts";

const record: UsageRecord = {
  usage_id: "00000000-0000-4000-8000-000000000001",
  at: 1_000,
  tenant: "default",
  subject: "token:ada",
  session_id: null,
  trace_id: "0".repeat(32),
  route: "POST /v1/stt",
  kind: "stt",
  model: "openai/whisper-1",
  outcome: "aborted",
  latency_ms: 5,
  audio_ms: 60_000,
  cost_nano_usd: 6_000_000,
  is_estimated: true,
  price_date: "2026-11-28",
};

test("[B2] a call that was left is an entry, estimated, with its price; an own model's costs nothing and has no surcharge", () => {
  expect(entryOfCall(record)).toMatchObject({
    event_id: `call:${record.usage_id}`,
    multiplier: "cloud",
    cost_nano_usd: 6_000_000,
    is_estimated: true,
    price_version: "2026-11-28",
    quantities: { audio_ms: 60_000, calls: 1 },
  });
  expect(entryOfCall({ ...record, model: "embedded/moonshine-tiny", cost_nano_usd: 0 }).multiplier).toBe("local");
});

test("[B2] whatever a record says makes an entry that the ledger takes", () => {
  const strange: UsageRecord = {
    ...record,
    subject: `token:\u0000${"𝒜".repeat(300)}`,
    session_id: "\u2028",
    model: "",
    route: "x".repeat(5_000),
    audio_ms: Number.MAX_SAFE_INTEGER,
    cost_nano_usd: Number.MAX_SAFE_INTEGER,
  };
  for (const entry of [entryOfCall(strange), entryOfDropped(7, 3, Number.MAX_SAFE_INTEGER, 1)]) {
    expect(ledgerEntrySchema.safeParse(entry)).toMatchObject({ success: true });
  }
});

test("[B2] kept seconds and answers of resolve are entries of the meeting's feed, under ids of their messages", () => {
  const at = "2026-11-29T12:00:00.000Z";
  const messages: FeedMessage[] = [
    { id: 1, at, type: "session.opened" },
    { id: 2, at, type: "track.progressed", track: "mixed", seconds: 12, kept_seconds: 12, archived_seq: 3 },
    { id: 3, at, type: "track.progressed", track: "mixed", seconds: 0, kept_seconds: 12, archived_seq: 12 },
    { id: 4, at, type: "resolve.called", calls: 2, total_calls: 2 },
  ];
  const entries = entriesOfFeed("weekly", messages);
  expect(entries.map(({ event_id, feature, quantities }) => [event_id, feature, quantities])).toEqual([
    ["feed:weekly:2", "ingest", { audio_ms: 12_000 }],
    ["feed:weekly:4", "resolve", { calls: 2 }],
  ]);
  for (const entry of entries) expect(ledgerEntrySchema.safeParse(entry).success).toBe(true);
});
