/** The longest errors of a meeting as sounds: cut out of the recording that the reader has, for nobody's voice is in the repository. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { chunkMs, sampleRateHz } from "../../../schemas/wire/audio.ts";
import { wavHead } from "../../../schemas/speech/wav-head.ts";
import { type Failing, failingsOf } from "./der.ts";
import type { Meeting } from "./meetings.ts";
import type { Turn } from "./turns.ts";

const most = 3;
const leastMs = 500;
/** On both sides, to hear who spoke before and who after. */
const aroundMs = 1_000;

/** @returns a line for each file that was written. */
export function writeFailings(
  { name, truth, scored, samples }: Meeting,
  said: readonly Turn[],
  collarMs: number,
  folder: string,
): string[] {
  const longest = failingsOf(truth, said, collarMs, scored)
    .filter((failing) => lengthOf(failing) >= leastMs)
    .toSorted((a, b) => lengthOf(b) - lengthOf(a))
    .slice(0, most);
  if (longest.length > 0) mkdirSync(folder, { recursive: true });
  return longest.map((failing) => {
    const file = join(folder, `${name}-${seconds(failing.start_ms)}s-${failing.kind}.wav`);
    const part = samples.slice(sampleAt(failing.start_ms - aroundMs), sampleAt(failing.end_ms + aroundMs));
    writeFileSync(
      file,
      Buffer.concat([wavHead(part.byteLength, { rateHz: sampleRateHz, channels: 1 }), Buffer.from(part.buffer)]),
    );
    return `${file}: ${seconds(failing.start_ms)} to ${seconds(failing.end_ms)} s, ${told(failing)}`;
  });
}

function told({ kind, truth, said }: Failing): string {
  const [of, as] = [truth, said].map((names) => names.join(" and ") || "nobody");
  return `${kind}: ${of} taken for ${as}`;
}

function lengthOf({ start_ms, end_ms }: Failing): number {
  return end_ms - start_ms;
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(1);
}

function sampleAt(ms: number): number {
  return Math.max(0, Math.round((ms * sampleRateHz) / chunkMs));
}
