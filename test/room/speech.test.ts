/** Transcription and speech at the gateway's door: who may, how often, and how much. No model is set up here. */
import { describe, expect, it } from "vitest";
import { limits } from "../../schemas/limits.ts";
import { httpErrors } from "../../schemas/wire/errors.ts";
import { refusalOf } from "../../server/app/http/speech/refusals.ts";
import { bearer, gatewayWith, keyFor, required } from "./support/doors.ts";

const { key } = await keyFor("speech-tenant", ["speech"]);
const ask = gatewayWith({ ...required, RATE_LIMIT_PER_MINUTE: "100", STT_PER_MINUTE: "2", TTS_PER_MINUTE: "3" });
const said = JSON.stringify({ input: "Hi" });
const post = (path: string, more: RequestInit = {}): Promise<Response> =>
  ask(path, { method: "POST", headers: bearer(key), body: "{}", ...more });

async function statuses(path: string): Promise<number[]> {
  const answers: Response[] = [];
  for (let i = 0; i < 4; i += 1) answers.push(await post(path, { body: said }));
  expect(answers.at(-1)?.headers.get("x-ratelimit-remaining")).toBe("0");
  return answers.map(({ status }) => status);
}

describe("what is counted", () => {
  it("[M13] [limit:transcriptionsPerMinute] [limit:speechPerMinute] transcriptions and speech each by themselves, besides all requests", async () => {
    expect(await statuses("/v1/audio/transcriptions")).toEqual([503, 503, 429, 429]);
    expect(await statuses("/v1/audio/speech")).toEqual([503, 503, 503, 429]);
    expect((await ask("/v1/models", { headers: bearer(key) })).status).toBe(200);
  });
});

const other = await keyFor("speech-sizes", ["speech"]);

it.each([
  ["[limit:maxTranscriptionBodyBytes]", "/v1/audio/transcriptions", limits.maxTranscriptionBodyBytes],
  ["[limit:maxSpeechBodyBytes]", "/v1/audio/speech", limits.maxSpeechBodyBytes],
])("[M13] %s a body at the limit goes on, and one beyond it does not", async (_, path, most) => {
  const sized = async (bytes: number): Promise<number> => {
    const headers = { ...bearer(other.key), "content-length": String(bytes) };
    return (await post(path, { headers, body: said.padEnd(bytes) })).status;
  };
  expect([await sized(most), await sized(most + 1)]).toEqual([503, 413]);
});

it("[M14] a model that is silent for as long as it has is told as a gateway's 504, and one that is busy with when to come again", () => {
  const told = [refusalOf({ reason: "timeout" }), refusalOf({ reason: "unavailable", retryAfterSeconds: 17 })];
  expect(told.map(({ code, retryAfterSeconds }) => [code, httpErrors[code].status, retryAfterSeconds])).toEqual([
    ["model_timeout", 504, undefined],
    ["model_unavailable", 503, 17],
  ]);
});
