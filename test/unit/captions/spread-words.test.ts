/** A piece of audio is heard as a whole: its words are divided among the speakers of its turns. */
import { describe, expect, test } from "vitest";
import { ok } from "../../../schemas/lib/result.ts";
import { hearParts } from "../../../server/app/hearing/heard-words.ts";
import { spreadWords } from "../../../server/app/hearing/spread-words.ts";
import { seededRandom } from "./support/spoken-audio.ts";

describe("what was heard in the whole of a piece", () => {
  test.each([
    [
      "has the words that a part alone is heard wrong",
      "Thursday, if the backup finishes, otherwise Monday, please not on Thursday.",
      ["Thirsty, if the backup finishes, otherwise Monday,", "Please not on Thursday."],
      ["Thursday, if the backup finishes, otherwise Monday,", "please not on Thursday."],
    ],
    [
      "gives what only it has to those behind the end of a sentence",
      "Do you have the number? Yes, one moment please.",
      ["Do you have the number?", "One moment please."],
      ["Do you have the number?", "Yes, one moment please."],
    ],
    [
      "gives what only it has to those before it within a sentence",
      "Nobody has to walk how much does it cost?",
      ["Nobody has to", "how much does it cost?"],
      ["Nobody has to walk", "how much does it cost?"],
    ],
    [
      "does not take the place of a part that is heard otherwise",
      "Good morning.",
      ["Good morning.", "The designs came in last night."],
      ["Good morning.", "The designs came in last night."],
    ],
    ["changes nothing where it heard nothing", "", ["Hello.", "Good morning."], ["Hello.", "Good morning."]],
    [
      "takes words without spaces as it finds them",
      "\u4eca\u65e5\u306f\u3044\u3044\u5929\u6c17",
      ["\u4eca\u65e5\u306f", "\u3044\u3044\u5929\u6c17"],
      ["\u4eca\u65e5\u306f", "\u3044\u3044\u5929\u6c17"],
    ],
  ])("[Q4] %s", (_, whole, parts, expected) => {
    expect(spreadWords(whole, parts)).toEqual(expected);
  });

  test.each(Array.from({ length: 20 }, (_, n) => n + 1))(
    "[Q4] what was heard the same in the parts is said once, in its order, by whoever said it: seed %i",
    (seed) => {
      const random = seededRandom(seed);
      const words = Array.from({ length: 40 }, (_, n) => (random() < 0.3 ? "the" : `word${n}`));
      const parts: string[][] = [];
      for (let at = 0; at < words.length;) {
        const next = at + 1 + Math.floor(random() * 9);
        parts.push(words.slice(at, next));
        at = next;
      }
      const texts = parts.map((part) => part.join(" "));
      expect(spreadWords(words.join(" "), texts)).toEqual(texts);
      // One word in ten is heard wrong in its part alone.
      const wrong = parts.map((part) => part.map((word) => (random() < 0.1 ? `${word}x` : word)).join(" "));
      expect(spreadWords(words.join(" "), wrong).join(" ").replaceAll(/x\b/g, "")).toBe(words.join(" "));
    },
  );
});

const speech = (seconds: number, byte: number): Uint8Array<ArrayBuffer> => new Uint8Array(32_000 * seconds).fill(byte);
/** Hears each of them wrong by itself, and the whole of it right. */
const hearBy = (model: string, asked: Uint8Array[]) => async (pcm: Uint8Array<ArrayBuffer>) => {
  asked.push(pcm);
  const text = { 2: "At the clock.", 3: "Pleas not on Thursday." }[pcm.length / 32_000];
  return ok({
    model,
    segments: [{ start_ms: 0, end_ms: 1_000, text: text ?? "At three o'clock. Please not on Thursday." }],
  });
};
const textsOf = (segments: readonly { readonly text: string }[]): string[] => segments.map(({ text }) => text);

describe("a piece in which two speak", () => {
  const parts = [
    { startMs: 0, endMs: 2_000, speech: speech(2, 1) },
    { startMs: 2_000, endMs: 5_000, speech: speech(3, 2) },
  ];

  test("[Q4] is heard whole as well by a model that costs nothing", async () => {
    const asked: Uint8Array[] = [];
    const heard = await hearParts(hearBy("embedded/moonshine-tiny", asked), parts, null);
    expect(heard.ok && textsOf(heard.value.segments)).toEqual(["At the clock.", "Please not on Thursday."]);
    expect(asked[2]).toEqual(Uint8Array.from([...speech(2, 1), ...speech(3, 2)]));
    expect(heard.ok && heard.value.segments.map(({ start_ms }) => start_ms)).toEqual([0, 2_000]);
  });

  test("[Q4] is not heard whole by one that is paid for, but has what was heard before it was known who speaks", async () => {
    const asked: Uint8Array[] = [];
    const hear = hearBy("openai/whisper-1", asked);
    const alone = await hearParts(hear, parts, null);
    expect(alone.ok && textsOf(alone.value.segments)).toEqual(["At the clock.", "Pleas not on Thursday."]);
    const before = { model: "openai/whisper-1", text: "At the clock. Please not on Thursday." };
    const known = await hearParts(hear, parts, null, before);
    expect(known.ok && textsOf(known.value.segments)).toEqual(["At the clock.", "Please not on Thursday."]);
    // Another model's words are not this one's.
    const other = await hearParts(hear, parts, null, { ...before, model: "openai/other" });
    expect(other.ok && textsOf(other.value.segments)).toEqual(["At the clock.", "Pleas not on Thursday."]);
    expect(asked).toHaveLength(6);
  });
});
