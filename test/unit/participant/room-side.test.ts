/** What goes into the room and comes out of it, as samples. */
import { describe, expect, test } from "vitest";
import { Mixer } from "../../../server/app/participant/room/mixer.ts";
import { Outflow } from "../../../server/app/participant/room/outflow.ts";
import { VoiceWatch } from "../../../server/app/participant/room/voice-watch.ts";

const block = (value: number, length = 4): Int16Array => new Int16Array(length).fill(value);

describe("what the participant says", () => {
  test("[Y8] goes out whole and in order, with silence behind it", () => {
    const out = new Outflow();
    out.queue(block(1));
    out.queue(block(2));
    expect([...out.take(6).samples]).toEqual([1, 1, 1, 1, 2, 2]);
    const { samples, spoken } = out.take(6);
    expect([[...samples], spoken, out.isEmpty]).toEqual([[2, 2, 0, 0, 0, 0], 2, true]);
  });

  test("[Y2] is gone once it is flushed", () => {
    const out = new Outflow();
    out.queue(block(1));
    out.flush();
    expect(out.take(2)).toEqual({ samples: block(0, 2), spoken: 0 });
  });
});

describe("what the participant hears", () => {
  test("[Y8] one track goes through as it comes; two are laid over each other", () => {
    const mixer = new Mixer();
    expect([...mixer.push("a", block(1), 0)]).toEqual([1, 1, 1, 1]);
    expect([...mixer.push("b", block(10), 1)]).toEqual([]);
    expect([...mixer.push("a", block(2), 2)]).toEqual([12, 12, 12, 12]);
    expect([...mixer.push("a", block(30_000), 3), ...mixer.push("b", block(30_000), 4)]).toEqual([
      32_767, 32_767, 32_767, 32_767,
    ]);
  });

  test("[Y8] a track that fell silent is not waited for", () => {
    const mixer = new Mixer();
    mixer.push("a", block(1), 0);
    mixer.push("b", block(1), 1);
    const heard = Array.from({ length: 4 }, (_, n) => mixer.push("a", block(1, 1_600), 2_000 + n).length);
    expect(heard.reduce((sum, count) => sum + count, 0)).toBeGreaterThan(4_000);
  });

  test("[Y1] noise is no voice, and what stands out of it is", () => {
    const watch = new VoiceWatch();
    const noise = Int16Array.from({ length: 16_000 }, (_, n) => ((n * 7_919) % 61) - 30);
    expect(watch.push(noise)).toEqual({ voiced: 0, frames: 50 });
    expect(watch.push(noise.map((sample) => sample * 40)).voiced).toBeGreaterThan(40);
  });
});
