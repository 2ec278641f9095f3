/** What a model is handed of live audio of which some was lost on its way, and of audio whose places are rounded. */
import { expect, test } from "vitest";
import { Conversation } from "../../../server/app/participant/conversation.ts";
import { beginTurns } from "../../../server/app/participant/turns/turn-state.ts";
import { SimClock } from "../../support/live-models/sim-clock.ts";

function begun(): { conversation: Conversation; handedMs: () => number } {
  const clock = new SimClock();
  let bytes = 0;
  const conversation = new Conversation(
    {
      floor: { say: () => undefined, flush: () => undefined },
      openTalk: () => ({
        isRemote: true,
        connect: () => Promise.resolve({ ok: true, value: "connected" }),
        hear: (pcm) => {
          bytes += pcm.byteLength;
        },
        close: () => undefined,
      }),
      listen: undefined,
      onRecord: () => undefined,
      onState: () => undefined,
      onHandle: () => undefined,
      onEnd: () => undefined,
      onAlone: () => undefined,
      clock,
      random: () => 0.5,
    },
    beginTurns(clock.now(), 600_000),
  );
  return { conversation, handedMs: () => bytes / 32 };
}

const said = { track: "mic", flush: false, lostMs: 0 } as const;
const piece = (ms: number): Int16Array<ArrayBuffer> => new Int16Array(16 * ms).fill(4_000);

test("[Y5] what is lost is a pause of a quarter of a second at most, once", () => {
  const { conversation, handedMs } = begun();
  conversation.hear({ ...said, samples: piece(100), sampleRate: 16_000, atMs: 5_000 });
  conversation.hear({ ...said, samples: piece(100), sampleRate: 16_000, atMs: 9_000 });
  conversation.hear({ ...said, samples: piece(100), sampleRate: 16_000, atMs: 9_200 });
  conversation.hear({ ...said, samples: piece(100), sampleRate: 16_000, atMs: undefined, lostMs: 50 });
  expect(handedMs()).toBe(4 * 100 + 250 + 100 + 50);
  conversation.stop();
});

test.each([16_000, 24_000] as const)(
  "[Y5] pieces whose places are rounded to a millisecond have nothing between them, at %i Hz",
  (sampleRate) => {
    const { conversation, handedMs } = begun();
    const samples = new Int16Array(704).fill(4_000);
    for (let n = 0; n < 500; n += 1) {
      const atMs = Math.round((1_000 * samples.length * n) / sampleRate);
      conversation.hear({ ...said, samples, sampleRate, atMs });
    }
    expect(Math.abs(handedMs() - (1_000 * 500 * samples.length) / sampleRate)).toBeLessThan(20);
    conversation.stop();
  },
);
