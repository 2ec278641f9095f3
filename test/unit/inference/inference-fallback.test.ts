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

/** A service whose first requests find nobody there, so many of them; later ones are answered 503. */
function goneFor(times: number): { readonly service: Inference; readonly asked: () => number } {
  let asked = 0;
  const service = createInferenceClient(config, async () => {
    asked += 1;
    if (asked <= times) throw new TypeError("connect ECONNREFUSED");
    return new Response(null, { status: 503 });
  });
  return { service, asked: () => asked };
}

const knowing = (...values: readonly number[]): typeof request => ({
  ...request,
  state: {
    ...request.state,
    clusters: values.map((length, n) => ({
      cluster_id: `c${n}`,
      centroid: Array.from({ length }, () => 0.5),
      sample_count: 3,
    })),
  },
});

it("asks once more where a connection was dropped, before somebody else is asked", async () => {
  const dropped = goneFor(1);
  expect(await withFallback(dropped.service, embedded)(request)).toMatchObject({
    error: { detail: "the service answered 503" },
  });
  expect(dropped.asked()).toBe(2);
});

it("asks who knows a meeting's voices, and nobody else, to its end", async () => {
  const gone = goneFor(1_000);
  for (const known of [[672], [0, 672, 608]]) {
    const answer = await withFallback(gone.service, embedded)(knowing(...known));
    expect(answer).toMatchObject({ ok: false, error: { isUnreachable: true } });
  }
  const back = goneFor(0);
  const answer = await withFallback(back.service, embedded)(knowing(608, 0, 608));
  expect(answer).toMatchObject({ error: { detail: "asked the embedded one" } });
  expect(back.asked()).toBe(0);
  // What a person opened has no voice yet.
  expect(await withFallback(gone.service, embedded)(knowing(0))).toMatchObject({
    error: { detail: "asked the embedded one" },
  });
});
