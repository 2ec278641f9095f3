/**
 * A microphone and a shared tab that a test makes: tones of its choosing, whose loudness it sets and which it takes away. Chromium's
 * own fake device has one loudness, and shares no tab without a window.
 */
import type { Page } from "playwright-core";

export type MadeSource = "mic" | "system";
export const madeHz: Readonly<Record<MadeSource, number>> = { mic: 440, system: 1_000 };

interface Made {
  /** 0: silence; 1: full scale. */
  setLoudness(source: MadeSource, loudness: number): void;
  /** Makes the right channel the left one's opposite. */
  oppose(source: MadeSource): void;
  /** As when it is unplugged, or no longer shared. */
  takeAway(source: MadeSource): void;
}
declare global {
  // oxlint-disable-next-line no-var -- how a global is declared.
  var made: Made;
}

/** Before the page is loaded. */
export async function makeSources(page: Page): Promise<void> {
  await page.addInitScript((hz) => {
    const sources = new Map<string, { gain: GainNode; right: GainNode; stream: MediaStream }>();
    const make = (source: MadeSource): Promise<MediaStream> => {
      const context = new AudioContext();
      const [tone, gain, right, both, out] = [
        context.createOscillator(),
        context.createGain(),
        context.createGain(),
        context.createChannelMerger(2),
        context.createMediaStreamDestination(),
      ];
      tone.frequency.value = hz[source];
      gain.gain.value = 0.3;
      tone.connect(gain).connect(both, 0, 0).connect(out);
      gain.connect(right).connect(both, 0, 1);
      tone.start();
      sources.set(source, { gain, right, stream: out.stream });
      return Promise.resolve(out.stream);
    };
    navigator.mediaDevices.getUserMedia = () => make("mic");
    navigator.mediaDevices.getDisplayMedia = () => make("system");
    globalThis.made = {
      setLoudness(source, loudness) {
        const made = sources.get(source);
        if (made) made.gain.gain.value = loudness;
      },
      oppose(source) {
        const made = sources.get(source);
        if (made) made.right.gain.value = -1;
      },
      takeAway(source) {
        for (const track of sources.get(source)?.stream.getTracks() ?? []) {
          track.stop();
          // A track that a page stops itself says nothing; one that is taken away does.
          track.dispatchEvent(new Event("ended"));
        }
      },
    };
  }, madeHz);
}

/** The tone that a second of samples holds, in Hz. */
export function pitchOf(samples: Int16Array, rateHz: number): number {
  let crossings = 0;
  for (let i = 1; i < samples.length; i += 1) if ((samples[i - 1] ?? 0) < 0 && (samples[i] ?? 0) >= 0) crossings += 1;
  return (crossings * rateHz) / samples.length;
}
