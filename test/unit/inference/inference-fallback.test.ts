import { expect, it } from "vitest";
import { withFallback } from "../../../server/gateway/speakers/inference-fallback.ts";
import { createInferenceClient, type Inference } from "../../../server/gateway/speakers/inference-client.ts";
import { err } from "../../../schemas/lib/result.ts";

const request: Parameters<Inference>[0] = {
  session_id: "s1",
  audio: { content_b64: "AAAA", format: "pcm_s16le", sample_rate: 16_000, channels: 1 },
  asr_text: null,
  state: { clusters: [], bindings: {}, config: {} },
};
const config = { url: "http://voices.test/speaker/resolve", apiKey: undefined, timeoutMs: 1_000 };
const embedded: Inference = async () => err({ reason: "refused", detail: "asked the embedded one" });

it("asks the embedded resolver while nobody is there, and only then", async () => {
  const gone = createInferenceClient(config, async () => {
    throw new TypeError("connect ECONNREFUSED");
  });
  expect(await withFallback(gone, embedded)(request)).toMatchObject({ error: { detail: "asked the embedded one" } });
  const answers: [Response, string][] = [
    [new Response(null, { status: 503 }), "the service answered 503"],
    [new Response(null, { status: 400 }), "the service answered 400"],
    [new Response("nonsense"), "the service's answer is not JSON"],
  ];
  for (const [response, detail] of answers) {
    const service = createInferenceClient(config, async () => response);
    expect(await withFallback(service, embedded)(request)).toMatchObject({ ok: false, error: { detail } });
  }
});
