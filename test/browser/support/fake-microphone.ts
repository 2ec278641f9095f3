/** A file that Chromium's fake microphone plays once. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
// oxlint-disable-next-line import/default -- a CommonJS bundle: Node gives all of it as the default export.
import wavefile from "wavefile";
import { sampleRateHz } from "../../../schemas/wire/audio.ts";

export interface FakeMicrophone {
  /** Of a browser whose person says yes to being recorded. */
  readonly args: readonly string[];
  /** Removes the file. */
  readonly dispose: () => void;
}

/** @param samples at 16 kHz. */
export function fakeMicrophone(samples: Int16Array): FakeMicrophone {
  const folder = mkdtempSync(join(tmpdir(), "roomtone-microphone-"));
  const file = join(folder, "noise.wav");
  // oxlint-disable-next-line import/no-named-as-default-member -- see the import.
  const wav = new wavefile.WaveFile();
  wav.fromScratch(1, sampleRateHz, "16", samples);
  writeFileSync(file, wav.toBuffer());
  return {
    args: [
      "--use-fake-device-for-media-stream",
      "--use-fake-ui-for-media-stream",
      `--use-file-for-fake-audio-capture=${file}%noloop`,
    ],
    dispose: () => rmSync(folder, { recursive: true, force: true }),
  };
}
