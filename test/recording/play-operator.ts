/** What whoever runs the installation asks, while the meeting of the recording is there. */
import type { Recorder } from "./recorder.ts";

export async function playOperator(recorder: Recorder, session_id: string): Promise<void> {
  const around = { session_id, at: "2026-11-20T10:05:00Z" };
  await recorder.call("getTrace", ["quiet", "Minutes in which nothing happened"], { parameters: around });
  await recorder.call("getEdgeHealth", ["calm", "Nothing waits, and nobody is paged"]);
  const body = { session: { tenant: "default", session_id } };
  await recorder.call("rebuildSessions", ["listed", "Its room is there, and wrote its row of the list"], { body });
}
