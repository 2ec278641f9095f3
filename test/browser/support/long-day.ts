/** The log of a working day of talk: 8 hours, a voice after the other, two captions a turn. */
import type { RoomEvent } from "../../../client/index.ts";

export const dayTurns = 5_000;
export const dayUtterances = 10_000;
export const dayVoices = 12;
const seconds = 8 * 3_600;

/** As server-sent events. */
export function streamOfADay(): string {
  return [...eventsOfADay()].map((event) => `id: ${event.event_id}\ndata: ${JSON.stringify(event)}\n\n`).join("");
}

function* eventsOfADay(): Generator<RoomEvent> {
  let event_id = 0;
  const at = new Date(0).toISOString();
  const turnMs = Math.floor((seconds * 1_000) / dayTurns);
  for (let turn = 0; turn < dayTurns; turn += 1) {
    const start_ms = turn * turnMs;
    const end_ms = start_ms + turnMs - 900;
    const place = { track: "mixed", from_seq: Math.floor(start_ms / 1_000) + 1, to_seq: Math.ceil(end_ms / 1_000) };
    event_id += 1;
    const resolved = { type: "speaker.resolved", cluster_id: `c${(turn * 7) % dayVoices}`, decision: "auto" } as const;
    yield { event_id, at, ...resolved, ...place, start_ms, end_ms, speaker_name: null, by: "inference" };
    for (let half = 0; half < dayUtterances / dayTurns; half += 1) {
      event_id += 1;
      const id = (turn * dayUtterances) / dayTurns + half + 1;
      const utterance = {
        utterance_id: `u-${id}`,
        track: "mixed",
        start_ms: start_ms + half * 2_000,
        end_ms: start_ms + half * 2_000 + 1_900,
        text: `Line ${id}. ${"And so it went on. ".repeat(1 + (id % 5))}`,
        revision: 1,
      };
      yield { event_id, at, type: "utterance.added", track: "mixed", utterance, by: "room" };
    }
  }
}
