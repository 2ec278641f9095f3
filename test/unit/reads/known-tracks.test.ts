/** What a read puts together is kept by track, and made again only of a track about which something new was said. */
import { expect, test } from "vitest";
import { KnownSpeech } from "../../../server/gateway/http/known-speech.ts";
import { KnownWords } from "../../../server/gateway/http/known-words.ts";
import type { TranscriptEntry } from "../../../schemas/http/result.ts";
import { runNow } from "../../../schemas/lib/steps.ts";
import type { EventBody, RoomEvent } from "../../../schemas/speech/events.ts";
import type { Offsets } from "../../../schemas/speech/axis.ts";

/** A meeting's log as a reader knows it. */
class Known {
  readonly #speech = new KnownSpeech();
  readonly #words = new KnownWords(1_000_000);
  #count = 0;

  say(...events: readonly EventBody[]): void {
    const log = events.map((event) => ({ ...event, event_id: (this.#count += 1), at: "2026-11-30T00:00:00.000Z" }));
    const of = (types: readonly string[]): RoomEvent[] => log.filter(({ type }) => types.includes(type));
    this.#speech.take(of(this.#speech.types));
    this.#words.take(of(this.#words.types));
  }

  /** The same object as long as nothing was made again, by track. */
  read(offsets: Offsets = new Map()): { turns: Map<string, unknown>; entries: readonly TranscriptEntry[] } {
    const spoken = runNow(this.#speech.spoken(undefined));
    return { turns: new Map(spoken.turnsByTrack), entries: runNow(this.#words.entries(spoken, offsets, undefined)) };
  }
}

const spoke = (track: string, from_seq: number): EventBody => ({
  type: "speaker.resolved",
  track,
  cluster_id: `c-${track}`,
  from_seq,
  to_seq: from_seq,
  by: "inference",
});
const said = (track: string, id: string, at: number): EventBody => ({
  type: "utterance.added",
  track,
  utterance: {
    utterance_id: id,
    track,
    start_ms: at,
    end_ms: at + 500,
    text: `${id} of ${track}`,
    revision: 1,
    final: true,
  },
  by: "room",
});

function twoTracks(): Known {
  const known = new Known();
  known.say(spoke("a", 1), spoke("b", 1), said("a", "u1", 0), said("b", "u1", 100));
  return known;
}

const entryOf = ({ entries }: { entries: readonly TranscriptEntry[] }, track: string): TranscriptEntry | undefined =>
  entries.find((entry) => entry.track === track);

test("[R15] a track of which nothing new was said is not put together again", () => {
  const known = twoTracks();
  const first = known.read();
  known.say(spoke("b", 9), said("b", "u2", 8_000));
  const second = known.read();
  expect([second.turns.get("a") === first.turns.get("a"), second.turns.get("b") === first.turns.get("b")]).toEqual([
    true,
    false,
  ]);
  expect(entryOf(second, "a")).toBe(entryOf(first, "a"));
  expect(second.entries).toHaveLength(3);
});

test("[R15] what is said of speakers is of every track, and where a track begins is of its entries", () => {
  const known = twoTracks();
  const first = known.read();
  known.say({ type: "speaker.bound", cluster_id: "c-a", speaker_name: "Ann", by: "person" });
  const named = known.read();
  expect(entryOf(named, "a")?.speaker_name).toBe("Ann");
  expect(named.turns.get("b")).not.toBe(first.turns.get("b"));
  const moved = known.read(new Map([["b", 2_000]]));
  expect([entryOf(moved, "a") === entryOf(named, "a"), entryOf(moved, "b")?.start_ms]).toEqual([true, 2_100]);
});

test("[E3] [R15] a name that a person gave goes over the label of an utterance, and a label over one that was heard", () => {
  const known = twoTracks();
  const labelled = said("a", "u2", 300);
  if (!("utterance" in labelled) || !labelled.utterance) throw new Error("no utterance");
  known.say({ ...labelled, utterance: { ...labelled.utterance, speaker: "Mic 1" } });
  const nameOf = (): unknown => known.read().entries.find(({ utterance_id }) => utterance_id === "u2")?.speaker_name;
  known.say({ type: "speaker.bound", cluster_id: "c-a", speaker_name: "Anne", by: "inference" });
  expect(nameOf()).toBe("Mic 1");
  known.say({ type: "speaker.bound", cluster_id: "c-a", speaker_name: "Ann", by: "person" });
  expect(nameOf()).toBe("Ann");
});

const bytesOf = (text: string, count = 100, maxBytes = 1_000_000): number => {
  const words = new KnownWords(maxBytes);
  const events = Array.from({ length: count }, (_, n): RoomEvent => {
    const utterance = { utterance_id: `u${n}`, track: "a", start_ms: n, end_ms: n, text, revision: 1 };
    return { type: "utterance.added", by: "room", event_id: n + 1, at: "2026-11-30T00:00:00.000Z", utterance };
  });
  words.take(events);
  return words.bytes;
};

test("[R15] words take what their characters do, and room around them: those beyond Latin-1 twice as much", () => {
  const empty = bytesOf("");
  expect(bytesOf("x".repeat(60)) - empty).toBe(6_000);
  expect(bytesOf("ж".repeat(60)) - empty).toBe(12_000);
  expect(empty).toBeGreaterThan(100 * 230);
  // No more is held than there is room for, whatever is said in it.
  const none = bytesOf("ж".repeat(60), 100, 0);
  expect(bytesOf("ж".repeat(60), 100, 1_000) - none).toBeLessThanOrEqual(1_000);
});
