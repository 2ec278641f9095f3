/** A sample meeting's truth: who says what when. Written by the script that made its audio. */
import { readFileSync } from "node:fs";
import * as z from "zod";
import { Failure } from "../../schemas/lib/failure.ts";

const meetingTruthSchema = z.object({
  name: z.string(),
  roster: z.array(z.object({ name: z.string() })),
  turns: z.array(z.object({ speaker: z.string(), start_ms: z.int().min(0), end_ms: z.int().min(1), text: z.string() })),
});
export type MeetingTruth = z.infer<typeof meetingTruthSchema>;

/** @param path of the JSON beside the WAV. */
export function readMeetingTruth(path: string): MeetingTruth {
  const parsed = meetingTruthSchema.safeParse(JSON.parse(readFileSync(path, "utf8")));
  if (!parsed.success) throw new Failure(`${path} is not the truth of a meeting.`);
  return parsed.data;
}
