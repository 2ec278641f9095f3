/** A conversation whose gateway is killed in its middle: it goes on in another object, and nothing of it is lost or said twice. */
import { afterAll, expect, test } from "vitest";
import { until } from "../../client/testkit/until.ts";
import { eventsPageSchema } from "../../schemas/http/events.ts";
import { type Participant, participantSchema } from "../../schemas/http/participant.ts";
import type { Utterance } from "../../schemas/speech/utterances.ts";
import { GatewayProcess } from "../../scripts/local/gateway-process.ts";
import { unlimited } from "../../scripts/local/unlimited.ts";
import { newSession, send } from "../support/gateway-http.ts";
import { Person } from "../support/person.ts";
import { SpeechClient } from "../support/speech-client.ts";

const gateway = new GatewayProcess({ env: { ...unlimited, CAPTIONS: "off" } });
afterAll(() => gateway.dispose());
const timeoutMs = 240_000;

test(
  "[Y8] killed between a question and its answer: the question is asked again, its track goes on, and no utterance stands there twice",
  async () => {
    await gateway.start();
    const session = newSession();
    const path = `/v1/sessions/${session}/participant`;
    await send(gateway, "/v1/sessions", { method: "POST", body: JSON.stringify({ session_id: session }) });
    const wav = await new SpeechClient(gateway.url).say("We build streaming systems for meetings.");
    const answer = new Int16Array(wav.slice(44).buffer);
    const silent = new Person({ baseUrl: gateway.url, sessionId: session, answers: [] });
    await silent.join();
    const body = JSON.stringify({ script: ["What do you build?"], greeting: "Hello.", max_minutes: 5 });
    expect((await send(gateway, path, { method: "PUT", body })).status).toBe(200);
    const said = async (): Promise<Utterance[]> => {
      const { text } = await send(gateway, `/v1/sessions/${session}/events?limit=1000`);
      return eventsPageSchema.parse(JSON.parse(text)).events.flatMap(({ utterance }) => utterance ?? []);
    };
    const isAsked = async (): Promise<true | undefined> => (await said()).length > 0 || undefined;
    await until(isAsked, { what: "the question", timeoutMs: 60_000 });
    await silent.hangUp();
    await gateway.kill9();
    await gateway.start();
    // It comes back at another address: so does the person, with another microphone.
    const person = new Person({ baseUrl: gateway.url, sessionId: session, track: "desk", answers: [answer] });
    await person.join();
    const isOver = async (): Promise<Participant | undefined> => {
      const now = participantSchema.parse(JSON.parse((await send(gateway, path)).text));
      return now.phase === "ended" ? now : undefined;
    };
    const over = await until(isOver, { what: "the end of the interview", timeoutMs: 120_000 });
    expect(over).toMatchObject({ reason: "model_done", track: "ai" });
    await person.leave();
    const all = await said();
    expect(all.map(({ speaker }) => speaker)).toEqual(["AI", "AI", undefined, "AI"]);
    expect(all[1]?.start_ms).toBeGreaterThan(all[0]?.end_ms ?? 0);
    expect(new Set(all.map(({ utterance_id }) => utterance_id)).size).toBe(4);
  },
  timeoutMs,
);
