/** Transcription and speech at the gateway's door: who may, how often, and how much. No model is set up here. */
import { describe, expect, it } from "vitest";
import { limits } from "../../schemas/limits.ts";
import { bearer, gatewayWith, keyFor, required } from "./support/doors.ts";

const { key } = await keyFor("speech-tenant", ["speech"]);
const ask = gatewayWith({ ...required, RATE_LIMIT_PER_MINUTE: "100", STT_PER_MINUTE: "2", TTS_PER_MINUTE: "3" });
const post = (path: string, more: RequestInit = {}): Promise<Response> =>
  ask(path, { method: "POST", headers: bearer(key), body: "{}", ...more });

async function statuses(path: string): Promise<number[]> {
  const answers = [await post(path), await post(path), await post(path), await post(path)];
  expect(answers.at(-1)?.headers.get("x-ratelimit-remaining")).toBe("0");
  return answers.map(({ status }) => status);
}

describe("what is counted", () => {
  it("[M13] transcriptions and speech each by themselves, besides all requests", async () => {
    expect(await statuses("/v1/audio/transcriptions")).toEqual([503, 503, 429, 429]);
    expect(await statuses("/v1/audio/speech")).toEqual([503, 503, 503, 429]);
    expect((await ask("/v1/models", { headers: bearer(key) })).status).toBe(200);
  });
});

it("[M13] the limits are those of the reference", () => {
  expect([limits.maxTranscriptionBodyBytes, limits.maxSpeechBodyBytes]).toEqual([64 * 1024 * 1024 + 65_536, 65_536]);
});
