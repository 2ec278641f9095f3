/** The whole way from samples to names, with the models that come with the service. */
import { afterAll, describe, expect, it } from "vitest";
import { scoreDer } from "../../../scripts/speakers/eval/der.ts";
import { createDirectDiarizer, reviewWith } from "../../../scripts/speakers/eval/diarize.ts";
import { openVoices } from "../../../server/inference/voices/part.ts";
import { sample } from "../diarizer/support/sounds.ts";

const timeoutMs = 120_000;

it("tells the three voices of the sample meeting apart, window by window", { timeout: timeoutMs }, async () => {
  const part = openVoices();
  try {
    const handle = part.routes["POST /speaker/resolve"];
    const ask = async (body: string): Promise<Response> =>
      (await handle?.(new Request("http://voices.test/speaker/resolve", { method: "POST", body }))) ?? Response.error();
    const said = await createDirectDiarizer(4_000, ask)(sample.samples);
    const score = scoreDer(sample.truth, said, 250);
    expect(new Set(said.map(({ speaker }) => speaker)).size).toBe(3);
    expect(score.der).toBeLessThan(0.1);
    expect(score.missedMs + score.falseMs).toBeLessThan(0.05 * score.totalMs);
    expect(part.models?.()).toEqual({ "moonshine-voices": "loaded" });
  } finally {
    await part.close?.();
  }
});

describe("a second look at a whole meeting", () => {
  const post = async (body: ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer> | null): Promise<Response> =>
    (await part.routes["POST /speaker/review"]?.(
      new Request("http://voices.test/speaker/review", { method: "POST", body, duplex: "half" }),
    )) ?? Response.error();
  const part = openVoices();
  afterAll(() => part.close?.());

  it("tells all voices of the sample meeting apart", { timeout: timeoutMs }, async () => {
    const said = await reviewWith(post)(sample.samples);
    expect(new Set(said.map(({ speaker }) => speaker))).toEqual(new Set(["voice_1", "voice_2", "voice_3"]));
    expect(scoreDer(sample.truth, said, 250).der).toBeLessThan(0.08);
  });

  it("takes pieces that end within a sample, one meeting at a time", { timeout: timeoutMs }, async () => {
    const pcm = new Uint8Array(sample.samples.slice(0, 16_000).buffer);
    const pieces = [pcm.subarray(0, 1_001), pcm.subarray(1_001, 8_000), pcm.subarray(8_000)];
    const { promise: held, resolve: goOn } = Promise.withResolvers<void>();
    const slow = post(
      new ReadableStream<Uint8Array>({
        pull: async (controller) => {
          const piece = pieces.shift();
          if (piece) return controller.enqueue(piece);
          await held;
          controller.close();
        },
      }),
    );
    const busy = await post(pcm);
    expect(busy.status).toBe(503);
    expect(Number(busy.headers.get("retry-after"))).toBeGreaterThan(0);
    goOn();
    expect((await slow).status).toBe(200);
    expect((await post(pcm)).status).toBe(200);
  });

  it.each([
    ["nothing", null],
    ["half a sample too much", new Uint8Array(32_001)],
    ["less than 100 ms", new Uint8Array(3_000)],
  ])("refuses %s", { timeout: timeoutMs }, async (_, body) => {
    expect((await post(body)).status).toBe(422);
  });
});
