/** What is asked of a model that takes part. */
import type { Recorder } from "./recorder.ts";

/** A model that takes part in a meeting, where nobody else is. */
export async function converse(recorder: Recorder): Promise<void> {
  const parameters = { session_id: "interview-1" };
  await recorder.ask("createSession", { body: parameters });
  await recorder.refused("getParticipant", { parameters });
  const body = { greeting: "Welcome.", script: ["What do you build?", "Who uses it?"], max_minutes: 10 };
  await recorder.call("startParticipant", ["interview", "Two questions, ten minutes at most"], { parameters, body });
  await recorder.refused("startParticipant", { parameters, body: { script: ["Why?"] } });
  await recorder.call("getParticipant", ["listening", "It waits for the person"], { parameters });
  await recorder.call("endParticipant", ["sent_away", "It leaves at once"], { parameters });
}
