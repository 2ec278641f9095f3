/** What a model hears, as it comes: an event that can't be read is a failure, and never a word that is missing without a word. */
import { afterEach, expect, test, vi } from "vitest";
import type { Heard } from "../../../server/app/ai/ports.ts";
import { parseHeard } from "../../../server/app/ai/heard.ts";
import { openAiTranscriber } from "../../../server/app/ai/providers/openai-transcriber.ts";
import { Circuit } from "../../../server/app/ai/circuits.ts";
import { SpeechModels } from "../../../server/app/ai/speech-models.ts";
import { Meter } from "../../../server/app/ai/usage/meter.ts";

afterEach(() => void vi.unstubAllGlobals());

const nothing = async (): Promise<undefined> => undefined;
const store = {
  begin: nothing,
  settle: nothing,
  hold: async () => ({ ok: true, value: false }) as const,
  used: nothing,
};
const circuit = (): Circuit =>
  new Circuit(
    () => 0,
    () => 0.5,
  );
const segment = (start: unknown, end: unknown, text: unknown = "Hello."): string =>
  JSON.stringify({ type: "transcript.text.segment", start, end, text });
const done = JSON.stringify({ type: "transcript.text.done", text: "Hello. There.", usage: { seconds: 2 } });
const delta = JSON.stringify({ type: "transcript.text.delta", delta: "Hel" });
const all: Heard = { text: "Second.", language: "en", durationMs: 1_000, segments: [] };

/** @returns the segments and the end; or how it ended early; by whom. */
async function heard(events: readonly string[]): Promise<unknown> {
  const body = events.map((data) => `data: ${data}\n\n`).join("");
  vi.stubGlobal("fetch", async () => new Response(body, { headers: { "content-type": "text/event-stream" } }));
  const service = { name: "embedded/a", model: "a", baseUrl: "http://a.test/v1", apiKey: undefined, isOwn: true };
  const second = { name: "b", transcribe: async () => ({ ok: true, value: all }) as const };
  const candidates = [openAiTranscriber(service), second].map(
    (model) => ({ model, name: model.name, kind: "stt", isOwn: true, isPriced: false, circuit: circuit() }) as const,
  );
  const call = { tenant: "default", traceId: "0".repeat(32), route: "test", signal: new AbortController().signal };
  const audio = { bytes: new Uint8Array(4), type: "audio/wav", durationMs: 1_000 };
  const answer = await new SpeechModels(new Meter(store, () => undefined)).listen(candidates, audio, {}, call);
  if (!answer.ok) return answer.error;
  const { segments, model } = answer.value;
  const found: unknown[] = [model];
  try {
    for (let next = await segments.next(); ; next = await segments.next()) {
      if (next.done) return [...found, next.value.text];
      found.push([next.value.start_ms, next.value.end_ms, next.value.text]);
    }
  } catch (cause) {
    return [...found, String(cause)];
  }
}

test("[M7] segments and the whole, with what a later version says besides", async () => {
  expect(await heard([delta, segment(0, 1), segment(1, 0.5, "There."), done])).toEqual([
    "embedded/a",
    [0, 1_000, "Hello."],
    [1_000, 1_000, "There."],
    "Hello. There.",
  ]);
});

test.each([
  ["a segment without a time", segment(undefined, 1)],
  ["a segment before the beginning", segment(-1, 1)],
  ["a segment in the year 33658", segment(0, 1e300)],
  ["a segment without words", segment(0, 1, null)],
  ["an end whose audio has no length", done.replace("2", "-2")],
  ["half an event", segment(0, 1).slice(0, 30)],
  ["no object", "7"],
  ["an error", JSON.stringify({ type: "error", error: { message: "no" } })],
])("[M7] [M12] %s: the next model hears it, or, once a segment is out, it ends as failed", async (_, event) => {
  expect(await heard([event, done])).toEqual(["b", "Second."]);
  expect(await heard([segment(0, 1), event, segment(1, 2, "There."), done])).toEqual([
    "embedded/a",
    [0, 1_000, "Hello."],
    "ModelError: the model's answer ended: failed",
  ]);
});

test.each([
  ["no channel", { results: { channels: [] } }],
  ["no alternative", { results: { channels: [{ alternatives: [] }] } }],
  ["an alternative that says nothing", { results: { channels: [{ alternatives: [{}] }] } }],
  ["a length of days", { text: "Hello.", duration: 1e12 }],
  ["a word without its end", { text: "Hello.", words: [{ word: "Hello.", start: 0 }] }],
])("[M16] %s is no transcription", (_, value) => {
  expect(parseHeard(value, false)).toBeUndefined();
});

test("[M16] silence is one", () => {
  const silence = { results: { channels: [{ alternatives: [{ transcript: "", words: [] }] }] } };
  expect(parseHeard(silence, false)).toMatchObject({ text: "", segments: [] });
  expect(parseHeard({ text: "", duration: null }, false)).toMatchObject({ text: "", durationMs: undefined });
});
