/** Captions of a whole gateway with the model that comes with it: what is said in a meeting is in its transcript, once. */
import { expect, test } from "vitest";
import { until } from "../../client/testkit/until.ts";
import { eventsPageSchema } from "../../schemas/http/events.ts";
import type { Utterance } from "../../schemas/speech/utterances.ts";
import { newSession, send } from "../support/gateway-http.ts";
import { inferencePid } from "../support/inference-process.ts";
import { spokenSeconds } from "../support/spoken-seconds.ts";
import { useGateway } from "../support/use-gateway.ts";
import { TestClient } from "../support/ws-client.ts";

const gateway = useGateway({ env: { CAPTIONS: "final" } });
const sentences = [
  "We have been working on streaming systems for about six years now.",
  "The last question is about the budget.",
];
const wordsOf = (text: string): string[] => text.toLowerCase().match(/[a-z]+/g) ?? [];
/** A model that is loaded by the first piece, on a busy machine. */
const timeoutMs = 180_000;

async function utterancesOf(session: string): Promise<Utterance[]> {
  const { text } = await send(gateway, `/v1/sessions/${session}/events?limit=1000`);
  return eventsPageSchema.parse(JSON.parse(text)).events.flatMap(({ utterance }) => utterance ?? []);
}

test(
  "[Q1] [Q2] two tracks are captioned by themselves, each piece once and in its place; what is silent has no words; off is off",
  async () => {
    const audio = await spokenSeconds(gateway.url, sentences);
    const session = newSession();
    const quiet = newSession();
    await send(gateway, "/v1/sessions", {
      method: "POST",
      body: JSON.stringify({ session_id: quiet, captions: "off" }),
    });
    for (const [id, track] of [
      [session, "mic"],
      [session, "desk"],
      [quiet, "mic"],
    ] as const) {
      const client = await TestClient.connect(gateway, { session: id, track, encoding: "msgpack" });
      for (const [n, pcm] of audio.entries()) await client.keep(n + 1, { content: pcm });
      await client.leave();
    }
    const look = async (): Promise<Utterance[] | undefined> => {
      const found = await utterancesOf(session);
      return found.length >= 2 * sentences.length ? found : undefined;
    };
    const found = await until(look, { what: "two captions of each track", timeoutMs: timeoutMs - 20_000 });
    for (const track of ["mic", "desk"]) {
      const own = found.filter((utterance) => utterance.track === track);
      expect(own.map(({ text }) => wordsOf(text))).toEqual(sentences.map(wordsOf));
      expect(own[0]?.start_ms).toBeGreaterThan(700);
      expect(own[0]?.start_ms).toBeLessThan(1_300);
      expect(own.every(({ final, model }) => final === true && model === "embedded/moonshine-tiny")).toBe(true);
    }
    expect(await utterancesOf(quiet)).toEqual([]);

    // The same audio once more, by the same model: what it heard before is replaced, and nothing stands there twice.
    const path = `/v1/sessions/${session}/transcribe`;
    expect((await send(gateway, path, { method: "POST", body: "{}" })).status).toBe(202);
    const isDone = async (): Promise<true | undefined> =>
      (await send(gateway, path)).text.includes('"status":"done"') || undefined;
    await until(isDone, { what: "the transcription", timeoutMs: timeoutMs / 2 });
    const { text: transcript } = await send(gateway, `/v1/sessions/${session}/transcript.txt`);
    const said = wordsOf(transcript).join(" ");
    for (const sentence of sentences) expect(said.split(wordsOf(sentence).join(" "))).toHaveLength(3);
  },
  timeoutMs,
);

test(
  "[Q2] [Q9] the service that hears is killed in the middle, more than once: it is begun anew, and what was kept is said, each piece once",
  async () => {
    const rounds = 4;
    const audio = await spokenSeconds(gateway.url, sentences);
    const session = newSession();
    const client = await TestClient.connect(gateway, { session, track: "mic", encoding: "msgpack" });
    for (let n = 0; n < rounds * audio.length; n += 1)
      await client.keep(n + 1, { content: audio[n % audio.length] ?? new Uint8Array() });
    await client.leave();
    const killed = new Set<number>();
    const heard = async (least: number): Promise<Utterance[] | undefined> => {
      const found = await utterancesOf(session);
      return found.length >= least ? found : undefined;
    };
    for (const least of [1, sentences.length + 1]) {
      await until(() => heard(least), { what: `${least} captions`, timeoutMs });
      const pid = await until(() => inferencePid(gateway), { what: "the service", timeoutMs });
      process.kill(pid, "SIGKILL");
      killed.add(pid);
    }
    const found = await until(() => heard(rounds * sentences.length), { what: "all captions", timeoutMs });
    expect(killed.size).toBe(2);
    expect(killed).not.toContain(inferencePid(gateway));
    const inOrder = found.toSorted((a, b) => a.start_ms - b.start_ms);
    expect(inOrder.map(({ text }) => wordsOf(text))).toEqual(
      Array.from({ length: rounds }, () => sentences.map(wordsOf)).flat(),
    );
    expect(new Set(found.map(({ utterance_id }) => utterance_id)).size).toBe(found.length);
    const { text } = await send(gateway, `/v1/sessions/${session}/captions`);
    expect(text).toContain('"setback":null');
  },
  4 * timeoutMs,
);
