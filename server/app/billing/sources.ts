/**
 * Entries of what the app and the gateway tell: records of calls of models, and messages of a meeting's feed. Both come at least
 * once under an id that never names anything else, so that each counts once (SPEC B4). Pure.
 */
import type { ExpectedCall, HoldRequest } from "../../../schemas/billing/budgets.ts";
import type { LedgerEntry } from "../../../schemas/billing/ledger.ts";
import { chargeOf, maxEntryNanoUsd, type Multiplier } from "../../../schemas/billing/money.ts";
import type { UsageRecord } from "../../../schemas/billing/usage.ts";
import type { FeedMessage } from "../../../schemas/meeting-feed.ts";
import { visibleLineOf } from "../../../schemas/visible-line.ts";
import { chunkMs } from "../../../schemas/wire/audio.ts";

const maxChars = 256;
const maxQuantity = 1_000_000_000_000;

/** Text that somebody else chose, as far as an entry may hold it. */
export const lineOf = (text: string | null): string | null =>
  text === null ? null : (visibleLineOf(text)?.slice(0, maxChars).toWellFormed() ?? null);

/** The `event_id` of a call of a model. */
export const idOfCall = (usageId: string): string => `call:${usageId}`;

/** Settled by the entry that the call becomes. */
export function holdOfCall({ usage_id, kind, model, subject, tokens, audio_ms, ...call }: ExpectedCall): HoldRequest {
  const { cost_nano_usd: cost } = call;
  const charge = cost === null ? null : chargeOf(cost, multiplierOf(model));
  return { id: idOfCall(usage_id), feature: kind, subject: lineOf(subject), tokens, audio_ms, charge };
}

export function entryOfCall(record: UsageRecord): LedgerEntry {
  const { usage_id, at, kind, model, subject, session_id, route, outcome, trace_id, latency_ms } = record;
  const { audio_ms, characters, input_tokens, output_tokens, cost_nano_usd, is_estimated, price_date } = record;
  const taken = { audio_ms, characters, input_tokens, output_tokens, calls: 1 };
  const quantities = Object.entries(taken).filter((entry): entry is [string, number] => entry[1] !== undefined);
  return {
    event_id: idOfCall(usage_id),
    at,
    feature: kind,
    model: lineOf(model),
    subject: lineOf(subject),
    session_id: lineOf(session_id),
    quantities: Object.fromEntries(quantities.map(([unit, quantity]) => [unit, Math.min(quantity, maxQuantity)])),
    cost_nano_usd: cost_nano_usd === null ? null : Math.min(cost_nano_usd, maxEntryNanoUsd),
    multiplier: multiplierOf(model),
    price_version: price_date,
    is_estimated,
    meta: {
      route: route.slice(0, maxChars),
      outcome,
      trace_id: trace_id.slice(0, maxChars),
      latency_ms: `${latency_ms}`,
    },
  };
}

/** Records that the usage log could not keep, summed up. @param total of them so far: it names the entry. */
export function entryOfDropped(total: number, records: number, costNanoUsd: number, at: number): LedgerEntry {
  return {
    event_id: `calls-dropped:${total}`,
    at,
    feature: "dropped",
    model: null,
    subject: null,
    session_id: null,
    quantities: { calls: records },
    cost_nano_usd: Math.min(costNanoUsd, maxEntryNanoUsd),
    multiplier: "cloud",
    price_version: null,
    is_estimated: true,
    meta: {},
  };
}

/** Kept audio and speaker resolve: they cost nothing by themselves, and are counted. */
export function entriesOfFeed(sessionId: string, messages: readonly FeedMessage[]): LedgerEntry[] {
  return messages.flatMap((message): LedgerEntry[] => {
    const common = {
      event_id: `feed:${sessionId}:${message.id}`,
      at: Math.max(0, Date.parse(message.at)),
      model: null,
      subject: null,
      session_id: sessionId,
      cost_nano_usd: 0,
      multiplier: "local" as const,
      price_version: null,
      is_estimated: false,
    };
    if (message.type === "track.progressed" && message.seconds > 0) {
      const quantities = { audio_ms: message.seconds * chunkMs };
      return [{ ...common, feature: "ingest", quantities, meta: { track: message.track } }];
    }
    if (message.type === "resolve.called") {
      return [{ ...common, feature: "resolve", quantities: { calls: message.calls }, meta: {} }];
    }
    return [];
  });
}

/** Models of `embedded/…` run on a machine of the deployment. */
export function multiplierOf(model: string): Multiplier {
  return model.startsWith("embedded/") ? "local" : "cloud";
}
