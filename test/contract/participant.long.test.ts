/** A conversation with the interviewer that comes with the gateway: by voice, without an account. */
import { afterAll, expect, test } from "vitest";
import { createResultsClient } from "../../client/index.ts";
import { until } from "../../client/testkit/until.ts";
import { eventsPageSchema } from "../../schemas/http/events.ts";
import { sessionStateSchema } from "../../schemas/http/sessions.ts";
import { type Participant, participantSchema } from "../../schemas/http/participant.ts";
import type { Utterance } from "../../schemas/speech/utterances.ts";
import { newSession, send } from "../support/gateway-http.ts";
import { lostSeconds } from "../support/lost-seconds.ts";
import { startInterviewBackend } from "../support/interview-backend.ts";
import { Person } from "../support/person.ts";
import { SpeechClient } from "../support/speech-client.ts";
import { useGateway } from "../support/use-gateway.ts";

const secret = "not-a-real-secret";
// Stores what the first call brings, and says that it failed.
const backend = await startInterviewBackend(secret, (call) => (call === 1 ? "fails" : undefined));
afterAll(() => backend.stop());
const gateway = useGateway({
  env: { CAPTIONS: "off", TRANSCRIPT_URL: backend.url, WORKER_SHARED_SECRET: secret },
});
const timeoutMs = 240_000;
const wordsOf = (text: string): string => (text.toLowerCase().match(/[a-z]+/g) ?? []).join(" ");

async function spoken(text: string): Promise<Int16Array> {
  const wav = await new SpeechClient(gateway.url).say(text);
  return new Int16Array(wav.slice(44).buffer);
}

async function participantOf(session: string): Promise<Participant> {
  return participantSchema.parse(JSON.parse((await send(gateway, `/v1/sessions/${session}/participant`)).text));
}

async function utterancesOf(session: string): Promise<Utterance[]> {
  const { text } = await send(gateway, `/v1/sessions/${session}/events?limit=1000`);
  return eventsPageSchema.parse(JSON.parse(text)).events.flatMap(({ utterance }) => utterance ?? []);
}

/** Both sides in one transcript, and a WAV of each. */
async function expectResult(session: string, said: readonly Utterance[]): Promise<void> {
  const client = createResultsClient({ baseUrl: gateway.url });
  expect(await client.finalize(session)).toMatchObject({ coverage: 1 });
  const { transcript, audio } = await client.result(session);
  expect(audio.map(({ track }) => track).toSorted()).toEqual(["ai", "mic"]);
  expect(transcript.map(({ track, text }) => [track, text])).toEqual(said.map(({ track, text }) => [track, text]));
  for (const { track, duration_ms } of audio) {
    const { headers, text } = await send(gateway, `/v1/sessions/${session}/audio.wav?track=${track}`);
    expect(headers["content-type"]).toBe("audio/wav");
    expect(text.startsWith("RIFF")).toBe(true);
    expect(duration_ms).toBeGreaterThan(10_000);
  }
}

test(
  "[Y1] [Y7] [Y8] [Y9] it asks three questions by voice, waits for the answers, thanks and leaves; both sides are kept, each in its place, in the result too, and the transcript is at the backend once",
  async () => {
    const session = newSession();
    const answers = [
      "We build streaming systems for meetings.",
      "The budget is forty thousand euros.",
      "Doctors use it.",
    ];
    const script = ["What does your company do?", "How large is the budget?", "Who uses it?"];
    await send(gateway, "/v1/sessions", { method: "POST", body: JSON.stringify({ session_id: session }) });
    const person = new Person({
      baseUrl: gateway.url,
      sessionId: session,
      answers: await Promise.all(answers.map(spoken)),
    });
    await person.join();
    const body = JSON.stringify({ script, greeting: "Hello.", max_minutes: 5 });
    const begun = await send(gateway, `/v1/sessions/${session}/participant`, { method: "PUT", body });
    expect([begun.status, begun.text]).toEqual([200, expect.stringContaining('"track":"ai"')]);
    const again = await send(gateway, `/v1/sessions/${session}/participant`, { method: "PUT", body });
    expect(again.status).toBe(200);
    const other = JSON.stringify({ script: ["Why?"] });
    const refused = await send(gateway, `/v1/sessions/${session}/participant`, { method: "PUT", body: other });
    expect(refused.text).toContain("participant_running");
    const isOver = async (): Promise<Participant | undefined> => {
      const now = await participantOf(session);
      return now.phase === "ended" ? now : undefined;
    };
    const over = await until(isOver, { what: "the end of the interview", timeoutMs: timeoutMs - 60_000 });
    expect(over).toMatchObject({ reason: "model_done", utterances: 7 });
    await person.leave();
    const said = await utterancesOf(session);
    expect(said.map(({ track, speaker }) => [track, speaker])).toEqual([
      ["ai", "AI"],
      ["mic", undefined],
      ["ai", "AI"],
      ["mic", undefined],
      ["ai", "AI"],
      ["mic", undefined],
      ["ai", "AI"],
    ]);
    expect(wordsOf(said[0]?.text ?? "")).toBe("hello what does your company do");
    expect(wordsOf(said[1]?.text ?? "")).toContain("streaming systems");
    expect(wordsOf(said[3]?.text ?? "")).toContain("forty thousand");
    expect(wordsOf(said[4]?.text ?? "")).toBe("who uses it");
    expect(wordsOf(said[5]?.text ?? "")).not.toBe("");
    expect(wordsOf(said[6]?.text ?? "")).toMatch(/^thank you/);
    for (const { start_ms, end_ms } of said) expect(end_ms).toBeGreaterThan(start_ms);
    const { text } = await send(gateway, `/v1/sessions/${session}/state`);
    const state = sessionStateSchema.parse(JSON.parse(text));
    expect(["ai", "mic"].map((track) => lostSeconds(state, track))).toEqual([0, 0]);
    expect(state.ingest_by_track["ai"]?.last_seq).toBeGreaterThan(10);
    const isPosted = async (): Promise<true | undefined> =>
      (await participantOf(session)).transcript === "posted" || undefined;
    await until(isPosted, { what: "the transcript at the backend", timeoutMs: 30_000 });
    expect(backend.calls).toEqual({ taken: 2, refused: 0 });
    expect([...backend.stored.values()].map(({ speaker }) => speaker)).toEqual([
      "AI",
      "USER",
      "AI",
      "USER",
      "AI",
      "USER",
      "AI",
    ]);
    expect([...backend.stored.values()].map(({ content }) => content)).toEqual(said.map(({ text: words }) => words));
    await expectResult(session, said);
  },
  timeoutMs,
);
