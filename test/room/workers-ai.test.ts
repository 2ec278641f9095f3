/** Workers AI as its binding answers, by the shapes of its documentation: what hears and what speaks. Nothing of it was tried with an account. */
import { describe, expect, test } from "vitest";
import type { Call } from "../../server/app/ai/ports.ts";
import type { WorkersAiModel } from "../../server/app/ai/providers/workers-ai.ts";
import { workersAiSynthesizer } from "../../server/app/ai/providers/workers-ai-synthesizer.ts";
import { workersAiTranscriber } from "../../server/app/ai/providers/workers-ai-transcriber.ts";

const call: Call = { tenant: "acme", traceId: "t1", route: "captions", signal: new AbortController().signal };
const audio = { bytes: new Uint8Array([1, 2, 3, 4]), type: "audio/wav", durationMs: undefined };

interface Asked {
  readonly model: string;
  readonly input: Record<string, unknown>;
  readonly options: Record<string, unknown>;
}

/** The binding, which gives or throws this. */
function binding(model: string, gives: () => unknown): { readonly of: WorkersAiModel; readonly asked: Asked[] } {
  const asked: Asked[] = [];
  const run = async (name: string, input: object, options: object): Promise<unknown> => {
    asked.push({ model: name, input: { ...input }, options: { ...options } });
    return gives();
  };
  return { of: { name: `workers-ai/${model}`, model, gatewayId: "main", ai: { run } }, asked };
}

const nova = {
  metadata: { duration: 1.5 },
  results: {
    channels: [
      {
        detected_language: "en",
        alternatives: [
          {
            transcript: "Hello there.",
            words: [
              { word: "hello", punctuated_word: "Hello", start: 0.1, end: 0.5 },
              { word: "there", punctuated_word: "there.", start: 0.6, end: 1.1 },
            ],
          },
        ],
      },
    ],
  },
};
const whisper = {
  text: "Hello there.",
  transcription_info: { language: "en", duration: 1.5 },
  segments: [{ start: 0.1, end: 1.1, text: " Hello there." }],
};

describe("what hears", () => {
  test.each([
    ["@cf/deepgram/nova-3", nova],
    ["@cf/openai/whisper-large-v3-turbo", whisper],
    ["@cf/openai/whisper", { text: "Hello there.", word_count: 2 }],
  ])("[M12] %s: its words, and for whom they were asked, to the gateway that notes it", async (model, answer) => {
    const { of, asked } = binding(model, () => answer);
    const heard = await workersAiTranscriber(of).transcribe(audio, { language: "en-GB" }, call);
    expect(heard).toMatchObject({ ok: true, value: { text: "Hello there." } });
    const [{ options, ...what } = { options: {} }] = asked;
    expect(what).toMatchObject({ model });
    expect(options).toMatchObject({
      gateway: { id: "main", metadata: { tenantId: "acme", traceId: "t1", route: "captions" } },
      signal: call.signal,
    });
  });

  test.each([
    ["is out of neurons", "4006: you have used up your daily free allocation", "failed"],
    ["has too much to do", "3040: Capacity temporarily exceeded, please try again.", "unavailable"],
    ["takes too long", "3007: request timed out", "timeout"],
    ["gets too much", "3006: Request is too large", "refused"],
    ["is not there", "5007: No such model", "failed"],
  ])("[M14] one that %s: %s", async (_, said, reason) => {
    const { of } = binding("@cf/deepgram/nova-3", () => {
      throw new Error(said);
    });
    expect(await workersAiTranscriber(of).transcribe(audio, {}, call)).toMatchObject({ ok: false, error: { reason } });
  });

  test.each([undefined, null, "Hello", {}, { results: {} }, new Response("<html>"), new Response("{}")])(
    "[M16] an answer that is none is a failure: %o",
    async (answer) => {
      const { of } = binding("@cf/deepgram/nova-3", () => answer);
      const heard = await workersAiTranscriber(of).transcribe(audio, {}, call);
      expect(heard).toMatchObject({ ok: false, error: { reason: "failed" } });
    },
  );
});

describe("what speaks", () => {
  const text = { text: "Hello", voice: "luna", format: "pcm", speed: 1 } as const;

  test("[M12] Aura: its bytes as they come, at the rate that was asked for", async () => {
    const { of, asked } = binding("@cf/deepgram/aura-2-en", () => new Response(new Uint8Array([5, 6])));
    const spoken = await workersAiSynthesizer(of).speak(text, call);
    expect(spoken.ok && new Uint8Array(await new Response(spoken.value.body).arrayBuffer())).toEqual(
      new Uint8Array([5, 6]),
    );
    expect(asked[0]?.input).toEqual({
      text: "Hello",
      speaker: "luna",
      encoding: "linear16",
      container: "none",
      sample_rate: 24_000,
    });
    expect(asked[0]?.options).toMatchObject({ returnRawResponse: true });
  });

  test.each([
    ["JSON in place of sound", () => Response.json({ errors: [] }), "failed"],
    ["a 429", () => new Response("3036: limited", { status: 429, headers: { "retry-after": "7" } }), "unavailable"],
    ["nothing", () => undefined, "failed"],
  ])("[M16] Aura that answers %s", async (_, gives, reason) => {
    const { of } = binding("@cf/deepgram/aura-2-en", gives);
    expect(await workersAiSynthesizer(of).speak(text, call)).toMatchObject({ ok: false, error: { reason } });
  });
});
