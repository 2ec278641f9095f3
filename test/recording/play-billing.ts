/** What the recording pays for. */
import { chunkBytes } from "../../schemas/wire/audio.ts";
import type { Recorder } from "./recorder.ts";

/** What was used elsewhere, on a day of its own, and what was paid. */
export async function pay(recorder: Recorder): Promise<void> {
  const call = {
    event_id: "call-17",
    at: "2026-11-01T09:00:00Z",
    feature: "chat",
    subject: "ada",
    quantities: { input_tokens: 1_000, output_tokens: 500 },
  };
  const prices = [
    { unit: "input_tokens", usd: "3", per: 1_000_000 },
    { unit: "output_tokens", usd: "15", per: 1_000_000 },
  ];
  const entries = [{ ...call, prices }];
  await recorder.call("recordEntries", ["priced", "A call, with what it is reckoned with"], { body: { entries } });
  const other = [
    { ...call, cost_usd: "1" },
    { ...call, event_id: "call-18", cost_usd: "0.0105" },
  ];
  const taken = "One whose id stands for something else, and one that is new";
  await recorder.call("recordEntries", ["taken", taken], { body: { entries: other } });
  const parameters = { from: "2026-11-01", to: "2026-11-01", by: "feature" };
  await recorder.call("getUsage", ["by_feature", "A day, by feature"], { parameters });
  const paid = { event_id: "invoice-7", amount_usd: "25" };
  await recorder.call("topUp", ["paid", "Twenty-five dollars"], { body: paid });
  await recorder.call("flushLedger", ["all", "All of it is in D1"]);
  await recorder.call("getBalance", ["paid", "More was paid than used"]);
  const few = { after: "0", limit: "1" };
  await recorder.call("listEntries", ["first", "The first entry, which D1 has as well"], { parameters: few });
  await recorder.refused("topUp", { body: { ...paid, amount_usd: "26" } });
  const budgets = [
    { feature: "chat", tokens_per_minute: 20_000, usd_per_day: "5" },
    { feature: "stt", audio_seconds_per_minute: 1 },
  ];
  await recorder.call("setBudgets", ["two", "Of what is asked, and of what is heard"], { body: { budgets } });
  await recorder.call("getBudgets", ["two", "Nothing is used of them"]);
  const headers = { "content-type": "audio/L16; rate=16000" };
  await recorder.refused("transcribe", { audio: new Uint8Array(2 * chunkBytes), headers });
  await recorder.ask("setBudgets", { body: { budgets: [] } });
}
