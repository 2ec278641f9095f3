/** A meeting's kept audio through the real model, in a gateway as a person starts it. */
import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { createResultsClient, timelineOf, transcriptOf, type Transcription } from "../../client/index.ts";
import { loadAudio, secondsOf } from "../../client/testkit/sent-audio.ts";
import { streamTrack } from "../../client/testkit/track-stream.ts";
import { until } from "../../client/testkit/until.ts";
import { useGateway } from "../support/use-gateway.ts";

const gateway = useGateway({});
/** A model on a busy machine. */
const timeoutMs = 180_000;

async function meeting(seconds: number, track = "mixed", sessionId = `said-${randomUUID()}`): Promise<string> {
  const audio = await loadAudio("scripts/demo/sample/interview.wav", seconds);
  const target = { baseWs: new URL(`${gateway.wsUrl}/`), sessionId, track, clientId: "test" };
  await streamTrack({ ...target, encoding: "msgpack", ...secondsOf(audio) });
  return sessionId;
}

const client = () => createResultsClient({ baseUrl: gateway.url });
const transcribedMs = ({ tracks }: Transcription): number => tracks[0]?.transcribed_ms ?? 0;

async function textOf(sessionId: string): Promise<string> {
  const { events } = await client().events(sessionId, { limit: 500 });
  return transcriptOf(events, timelineOf(events))
    .map(({ text }) => text.toLowerCase())
    .join(" ");
}

describe("a transcription", { timeout: timeoutMs }, () => {
  it("[M30] of a finalized meeting makes the next version of its result", async () => {
    const sessionId = await meeting(24);
    await client().finalize(sessionId);
    const progress: number[] = [];
    const done = await client().transcribe(sessionId, { onProgress: (at) => progress.push(transcribedMs(at)) });
    expect(done).toMatchObject({ status: "done", tracks: [{ track: "mixed", transcribed_ms: 24_000 }], error: null });
    expect(progress.at(-1)).toBe(24_000);
    const result = await until(
      async () => {
        const answer = await client().result(sessionId);
        // Versions on the way may hold less.
        return answer.transcript.length === done.utterances ? answer : undefined;
      },
      { what: "a version of the result with all that was heard", timeoutMs: 60_000 },
    );
    expect(result.transcript.map(({ text }) => text).join(" ")).toMatch(
      /Good morning,? everyone.*Streaming systems for about six years/is,
    );
    // Said in a WAV of the same audio at the same places.
    for (const { start_ms, end_ms } of result.transcript) expect(end_ms).toBeGreaterThan(start_ms);
    const { event_count } = await client().state(sessionId);
    expect(await client().transcribe(sessionId)).toMatchObject({ status: "done", utterances: done.utterances });
    // The same words again are no event.
    expect((await client().state(sessionId)).event_count).toBe(event_count);
  });

  it("[M30] goes on after a kill in the middle, and doubles nothing", async () => {
    const sessionId = await meeting(66);
    await client().transcribe(sessionId, { wait: false });
    const before = await until(
      async () => {
        const at = await client().transcription(sessionId);
        return transcribedMs(at) > 0 ? at : undefined;
      },
      { what: "the first stretch", timeoutMs: 60_000 },
    );
    await gateway.kill9();
    await gateway.start();
    const done = await until(
      async () => {
        const at = await client().transcription(sessionId);
        return at.status === "running" ? undefined : at;
      },
      { what: "the end of the transcription", timeoutMs: 90_000 },
    );
    expect(done).toMatchObject({ status: "done", transcription_id: before.transcription_id });
    const text = await textOf(sessionId);
    for (const phrase of [
      "thank you for coming",
      "streaming systems",
      "written to disk",
      "how did you change the design",
    ]) {
      expect(text.split(phrase), `${phrase} once, in: ${text}`).toHaveLength(2);
    }
  });

  it("[M31] runs once at a time, and is called off", async () => {
    const sessionId = await meeting(40);
    await meeting(3, "hall", sessionId);
    const first = await client().transcribe(sessionId, { wait: false });
    expect(await client().transcribe(sessionId, { wait: false })).toMatchObject({
      transcription_id: first.transcription_id,
    });
    await expect(client().transcribe(sessionId, { tracks: ["hall"] })).rejects.toMatchObject({
      code: "transcription_running",
    });
    expect(await client().cancelTranscription(sessionId)).toMatchObject({ status: "cancelled" });
    expect(await client().transcribe(sessionId, { tracks: ["hall"] })).toMatchObject({
      status: "done",
      tracks: [{ track: "hall", transcribed_ms: 3_000, duration_ms: 3_000 }],
    });
  });

  it("[U9] of a session that has no audio yet is refused: done at once, it would say that nobody spoke", async () => {
    const { session_id: sessionId } = await client().createSession();
    await expect(client().transcribe(sessionId)).rejects.toMatchObject({ code: "track_not_found" });
  });

  it.each([
    ["a session that never was", undefined, {}, "session_not_found"],
    ["a track that is not there", 1, { tracks: ["attic"] }, "track_not_found"],
    ["a model that is not set up", 1, { model: "openai/none" }, "bad_request"],
  ])("[M31] of %s is refused by name", async (_, seconds, wanted, code) => {
    const sessionId = seconds === undefined ? "never" : await meeting(seconds);
    await expect(client().transcribe(sessionId, wanted)).rejects.toMatchObject({ code });
  });
});
