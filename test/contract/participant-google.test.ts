/** A conversation over Gemini Live's wire, with a server that speaks it: bytes on a socket of a Worker, not a library's promise of them. */
import { afterAll, expect, test } from "vitest";
import { until } from "../../client/testkit/until.ts";
import { type Participant, participantSchema } from "../../schemas/http/participant.ts";
import { eventsPageSchema } from "../../schemas/http/events.ts";
import { newSession, send } from "../support/gateway-http.ts";
import { type ServedLine, serveLiveModel } from "../support/live-model-server.ts";
import { Person } from "../support/person.ts";
import { useGateway } from "../support/use-gateway.ts";

const key = "not-a-real-key";
const seconds = (count: number): string =>
  Buffer.from(Int16Array.from({ length: count * 24_000 }, (_, n) => 6_000 * Math.sin(n / 20)).buffer).toString(
    "base64",
  );

function say(line: ServedLine, text: string, count: number): void {
  const inlineData = { mimeType: "audio/pcm;rate=24000", data: seconds(count) };
  line.send({ serverContent: { outputTranscription: { text }, modelTurn: { parts: [{ inlineData }] } } });
}

/** Greets; answers the first loud second; is interrupted by the next; then closes the line, and goes on over the next one. */
const loud = new Map<ServedLine, number>();
const model = await serveLiveModel((line, message, number) => {
  if ("setup" in message) {
    line.send({ setupComplete: {} });
    return;
  }
  const { audio, text } = (message["realtimeInput"] ?? {}) as { audio?: { data: string }; text?: string };
  if (text !== undefined) {
    say(line, "Welcome. ", 1);
    line.send({ serverContent: { turnComplete: true } });
    line.send({ sessionResumptionUpdate: { newHandle: "handle-1", resumable: true } });
  }
  if (!audio) return;
  const samples = new Int16Array(new Uint8Array(Buffer.from(audio.data, "base64")).buffer);
  if (!samples.some((sample) => Math.abs(sample) > 2_000)) return;
  const before = loud.get(line) ?? 0;
  loud.set(line, before + samples.length);
  const passes = (limit: number): boolean => before < limit && before + samples.length >= limit;
  if (number === 1 && passes(8_000)) {
    line.send({ serverContent: { inputTranscription: { text: "My first answer." } } });
    say(line, "A long answer that is cut off in its middle by the person who speaks. ", 12);
  }
  if (number === 1 && passes(20_000)) {
    line.send({ serverContent: { interrupted: true } });
    line.send({ serverContent: { turnComplete: true } });
    line.close(1011);
  }
});
const gateway = useGateway({
  env: { CAPTIONS: "off", LIVE_MODEL: "google/gemini-test", GOOGLE_BASE_URL: model.baseUrl, GOOGLE_API_KEY: key },
});
afterAll(() => model.stop());

test("[Y2] [Y5] [Y6] it greets, is cut off as soon as the person speaks, and goes on over another connection; the key is in a header alone", async () => {
  const session = newSession();
  await send(gateway, "/v1/sessions", { method: "POST", body: JSON.stringify({ session_id: session }) });
  const tone = Int16Array.from({ length: 40_000 }, (_, n) => 8_000 * Math.sin(n / 6));
  const person = new Person({ baseUrl: gateway.url, sessionId: session, answers: [tone] });
  await person.join();
  const path = `/v1/sessions/${session}/participant`;
  const body = JSON.stringify({ instructions: "Be brief.", greeting: "Welcome.", max_minutes: 2 });
  expect((await send(gateway, path, { method: "PUT", body })).status).toBe(200);
  await until(async () => model.lines.length >= 2 || undefined, { what: "the second connection", timeoutMs: 60_000 });
  const read = async (): Promise<Participant> => participantSchema.parse(JSON.parse((await send(gateway, path)).text));
  const isBack = async (): Promise<true | undefined> =>
    ["listening", "interrupted"].includes((await read()).phase) || undefined;
  await until(isBack, { what: "the participant to listen again", timeoutMs: 30_000 });
  expect(person.heard.flushes).toBeGreaterThan(0);
  // Of twelve seconds it was cut off in, hardly any was heard.
  expect(person.heard.samples).toBeLessThan(6 * 16_000);
  const [first, second] = model.lines;
  expect(first?.request.headers["x-goog-api-key"]).toBe(key);
  expect(first?.request.url).not.toContain(key);
  expect(first?.received[0]).toMatchObject({
    setup: {
      model: "models/gemini-test",
      systemInstruction: { parts: [{ text: expect.stringContaining("Welcome.") }] },
    },
  });
  expect(second?.received[0]).toMatchObject({ setup: { sessionResumption: { handle: "handle-1" } } });
  await send(gateway, path, { method: "DELETE" });
  await until(async () => model.open() === 0 || undefined, { what: "all connections to end", timeoutMs: 20_000 });
  await person.leave();
  const { text } = await send(gateway, `/v1/sessions/${session}/events?limit=1000`);
  const said = eventsPageSchema.parse(JSON.parse(text)).events.flatMap(({ utterance }) => utterance ?? []);
  expect(said[0]).toMatchObject({ track: "ai", speaker: "AI", text: "Welcome." });
  expect(said.find(({ track }) => track === "mic")?.text).toBe("My first answer.");
  const cut = said.find(({ text: words }) => words.startsWith("A long answer"));
  expect(cut?.text.length ?? 0).toBeLessThan(50);
}, 120_000);
