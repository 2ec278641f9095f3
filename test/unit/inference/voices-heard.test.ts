/** The whole way from samples to names, with the models that come with the service. */
import { expect, it } from "vitest";
import { scoreDer } from "../../../scripts/speakers/eval/der.ts";
import { createDirectDiarizer } from "../../../scripts/speakers/eval/diarize.ts";
import { openVoices } from "../../../server/inference/voices/part.ts";
import { sample } from "../diarizer/support/sounds.ts";

const timeoutMs = 120_000;

it(
  "tells voices of the sample meeting apart, though two of its synthetic ones are too alike for it",
  { timeout: timeoutMs },
  async () => {
    const part = openVoices();
    try {
      const handle = part.routes["POST /speaker/resolve"];
      const ask = async (body: string): Promise<Response> =>
        (await handle?.(new Request("http://voices.test/speaker/resolve", { method: "POST", body }))) ??
        Response.error();
      const said = await createDirectDiarizer(4_000, ask)(sample.samples);
      const score = scoreDer(sample.truth, said, 250);
      expect(score.der).toBeLessThan(0.3);
      expect(score.missedMs + score.falseMs).toBeLessThan(0.05 * score.totalMs);
      expect(part.models?.()).toEqual({ "moonshine-voices": "loaded" });
    } finally {
      await part.close?.();
    }
  },
);
