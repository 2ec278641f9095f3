/** Captions while somebody speaks, of a whole gateway with the model that comes with it: first partials, then one final under the same id. */
import { expect, test } from "vitest";
import { talk } from "../../scripts/bench/captions/live-talk.ts";
import { watchCaptions } from "../../scripts/bench/captions/watch-captions.ts";
import { eventsPageSchema } from "../../schemas/http/events.ts";
import { until } from "../../client/testkit/until.ts";
import { newSession, send } from "../support/gateway-http.ts";
import { spokenSeconds } from "../support/spoken-seconds.ts";
import { useGateway } from "../support/use-gateway.ts";

const gateway = useGateway();
const sentences = [
  "We have been working on streaming systems for about six years now.",
  "The last question is about the budget.",
];
const wordsOf = (text: string): string[] => text.toLowerCase().match(/[a-z]+/g) ?? [];
const timeoutMs = 180_000;
/** A final is there so soon after the last sound where the machine keeps up. */
const timelyMs = 2_500;

test.each([true, false])(
  "[Q6] [Q7] partials and one final for each piece under one id, in their place; with live audio: %s",
  async (hasLive) => {
    const pcm = Buffer.concat(await spokenSeconds(gateway.url, sentences));
    const session = newSession();
    await send(gateway, "/v1/sessions", {
      method: "POST",
      body: JSON.stringify({ session_id: session, captions: "live" }),
    });
    const watch = await watchCaptions(gateway.wsUrl, session);
    await talk(gateway.wsUrl, { session, track: "mic", pcm, hasLive });
    const saidAt = performance.now();
    const finals = () => watch.captions.filter(({ utterance }) => utterance.final === true);
    await until(async () => finals().length >= 2 || undefined, {
      what: "a final of each sentence",
      timeoutMs: timeoutMs - 60_000,
    });
    watch.close();
    expect(finals().map(({ utterance }) => wordsOf(utterance.text))).toEqual(sentences.map(wordsOf));
    const partials = watch.captions.filter(({ utterance }) => utterance.final === false);
    // Who is behind has better to do than to show partials: on a machine that is busy there may be none.
    const lateMs = Math.max(...finals().map(({ at }) => at - saidAt));
    expect(partials.length > 0 || lateMs >= timelyMs).toBe(true);
    const ids = new Set(finals().map(({ utterance }) => utterance.utterance_id));
    expect(ids.size).toBe(2);
    for (const { utterance } of partials) expect(ids).toContain(utterance.utterance_id);
    for (const { utterance } of finals()) {
      const begun = partials.find((partial) => partial.utterance.utterance_id === utterance.utterance_id);
      expect(utterance.start_ms).toBe(begun?.utterance.start_ms ?? utterance.start_ms);
    }
    const { text } = await send(gateway, `/v1/sessions/${session}/events?limit=1000`);
    const withdrawn = eventsPageSchema.parse(JSON.parse(text)).events.filter(({ utterance }) => utterance?.withdrawn);
    expect(withdrawn).toEqual([]);
  },
  timeoutMs,
);
