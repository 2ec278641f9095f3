import { expect, test } from "vitest";
import type { RoomEvent } from "../../schemas/speech/events.ts";
import { transcriptOf } from "../../schemas/speech/transcript.ts";
import type { PostedUtterance, Utterance } from "../../schemas/speech/utterances.ts";
import { judgeVersion } from "../../server/gateway/speakers/utterance-order.ts";
import { randomFrom, seed } from "./support/random.ts";

const base = { utterance_id: "u", track: "mic", start_ms: 0, end_ms: 900 };

/** What stands after these were posted, one after the other. */
function standing(versions: readonly PostedUtterance[]): Utterance | undefined {
  let kept: Utterance | undefined;
  for (const posted of versions) {
    if (kept && judgeVersion(kept, posted) !== "newer") continue;
    kept = { ...posted, utterance_id: "u", revision: posted.revision ?? (kept?.revision ?? 0) + 1 };
  }
  return kept;
}

test(`[U2] numbered versions end the same in whichever order and however often they come (seed ${seed})`, () => {
  const random = randomFrom(seed);
  for (let run = 0; run < 300; run += 1) {
    const count = 1 + random(8);
    const finalFrom = random(count + 1);
    // A poster goes on counting, and makes only its last words final.
    const versions: PostedUtterance[] = Array.from({ length: count }, (_, i) => ({
      ...base,
      text: `words ${random(4)}`,
      revision: i,
      ...(i >= finalFrom ? { final: true } : {}),
    }));
    const last = versions.at(-1);
    const sent = [...versions, ...versions.filter(() => random(2) === 0)];
    for (let i = sent.length - 1; i > 0; i -= 1) {
      const j = random(i + 1);
      const [a, b] = [sent[i], sent[j]];
      if (a && b) [sent[i], sent[j]] = [b, a];
    }
    expect(standing(sent)).toMatchObject({ text: last?.text, revision: last?.revision });
  }
});

test("[U2] without a revision the last one stands, but a final one before one that is not", () => {
  const [partial, other] = [
    { ...base, text: "a" },
    { ...base, text: "b" },
  ];
  expect(standing([partial, other])).toMatchObject({ text: "b", revision: 2 });
  expect(standing([{ ...partial, final: true }, other])).toMatchObject({ text: "a", revision: 1 });
  expect(
    standing([
      { ...partial, final: true },
      { ...other, final: true },
    ]),
  ).toMatchObject({ text: "b", revision: 2 });
  expect(standing([{ ...partial, revision: 5 }, other])).toMatchObject({ text: "b", revision: 6 });
});

const event = (
  type: "utterance.added" | "utterance.revised",
  track: string,
  text: string,
  revision = 1,
): RoomEvent => ({
  event_id: 1,
  at: "2026-11-20T10:00:00.000Z",
  by: "room",
  type,
  track,
  utterance: { ...base, track, text, revision },
});
const texts = (...events: RoomEvent[]): string[] =>
  transcriptOf(events, []).map(({ track, text }) => `${track} ${text}`);

test("[U1] the transcript has an id of two tracks twice, in the order of the tracks", () => {
  const log = [event("utterance.added", "system", "Hello?"), event("utterance.added", "mic", "Ten thousand.")];
  expect(texts(...log)).toEqual(["mic Ten thousand.", "system Hello?"]);
  expect(texts(...log, event("utterance.revised", "system", "Hello!", 2))).toEqual([
    "mic Ten thousand.",
    "system Hello!",
  ]);
});

test("[K8] in a log of a version whose ids were the session's, a revision moved an utterance to its own track", () => {
  const log = [event("utterance.added", "mic", "Ten."), event("utterance.revised", "system", "Hello?", 2)];
  expect(texts(...log)).toEqual(["system Hello?"]);
  expect(texts(...log, event("utterance.revised", "mic", "Ten!", 3))).toEqual(["mic Ten!"]);
});
