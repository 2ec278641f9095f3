/** Sounds to listen to: the sample meeting, and what is no speech. */
import { sampleRateHz } from "../../../../schemas/wire/audio.ts";
import { type Meeting, readMeetings } from "../../../../scripts/speakers/eval/meetings.ts";
import { handleResolve } from "../../../../server/shared/diarizer/handle-resolve.ts";
import { randomFrom } from "../../support/random.ts";

/** 70 s, three people; in the repository. */
export const sample = await readSample();

async function readSample(): Promise<Meeting> {
  const meetings = await readMeetings("scripts/demo/sample");
  const meeting = meetings.find(({ name }) => name === "interview");
  if (!meeting) throw new Error("scripts/demo/sample/interview.wav or .json is gone");
  return meeting;
}

/** A stretch of the sample meeting; Alice speaks from 0.5 to 6.1 s, Bob from 6.6 to 12.5 s. */
export function excerpt(fromSeconds: number, toSeconds: number): Int16Array {
  return sample.samples.slice(fromSeconds * sampleRateHz, toSeconds * sampleRateHz);
}

export function silence(seconds: number): Int16Array {
  return new Int16Array(seconds * sampleRateHz);
}

/** @param level of full scale. */
export function noise(seconds: number, level: number): Int16Array {
  const random = randomFrom(7);
  return silence(seconds).map(() => Math.round((random(65_536) - 32_768) * level));
}

export function tone(seconds: number, hz: number, level: number): Int16Array {
  return silence(seconds).map((_, i) => Math.round(32_767 * level * Math.sin((2 * Math.PI * hz * i) / sampleRateHz)));
}

export async function post(body: unknown): Promise<{ status: number; answer: Record<string, unknown> }> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const response = await handleResolve(
    new Request("http://resolver.test/speaker/resolve", { method: "POST", body: text }),
  );
  return { status: response.status, answer: (await response.json()) as Record<string, unknown> };
}
