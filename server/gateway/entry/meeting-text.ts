/** A meeting's words for the app: read in the Worker, slice by slice, as exports are (R15), and bounded as an answer must be. */
import { err, ok, type Result } from "../../../schemas/lib/result.ts";
import type { MeetingText, MeetingTextLine } from "../../../schemas/meeting-text.ts";
import { speakersOf } from "../../../schemas/speech/transcript.ts";
import { knownLogs, lookAtMeeting, readMeeting } from "../http/read-meeting.ts";
import type { RoomApi } from "../http/rooms.ts";

/** Beyond so many characters a meeting is cut: about a hundred hours of talk. An answer over the binding holds 32 MiB. */
const maxChars = 6_000_000;
const whole = { track: undefined, hasTranscript: true } as const;

/** @param name of the room, over all tenants. @throws SessionDeletedError. */
export async function readMeetingText(name: string, room: RoomApi): Promise<Result<MeetingText, "session_not_found">> {
  const session = await room.call("session");
  if (!session.ok) return session;
  const look = await lookAtMeeting(room, whole);
  // No track was asked for that could be missing.
  if (!look.ok) return err("session_not_found");
  const ask = { ...whole, known: { room: name, folds: knownLogs } };
  const { transcript, timeline, offsets = new Map<string, number>() } = await readMeeting(room, ask, look.value);
  const lines: MeetingTextLine[] = [];
  let chars = 0;
  for await (const page of transcript) {
    for (const { track, utterance_id, start_ms, end_ms, text, speaker_name: speaker } of page) {
      chars += text.length;
      const offset = offsets.get(track) ?? 0;
      if (chars <= maxChars) {
        lines.push({ track, utterance_id, start_ms: start_ms - offset, end_ms: end_ms - offset, text, speaker });
      }
    }
  }
  const talk = speakersOf(timeline).map(({ speaker_name, cluster_id, talk_ms }) => ({
    speaker: speaker_name ?? cluster_id,
    talk_ms,
  }));
  const { title, created_at } = session.value;
  return ok({ title, opened_at: Date.parse(created_at), lines, talk, is_cut: chars > maxChars });
}
