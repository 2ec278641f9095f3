/**
 * A capture in a process of its own, to be killed: streams seconds of the known meeting with a file outbox, from
 * where the outbox stands, and prints one JSON line an event.
 *
 *   node capture-child.ts URL SESSION TRACK FOLDER SECONDS PACE_MS
 */
import { setTimeout as delay } from "node:timers/promises";
import { startCapture } from "../../../client/capture/capture.ts";
import { openFileOutbox } from "../../../client/node/file-outbox.ts";
import { samplesOf, wireFormat } from "./meeting.ts";

const [baseUrl = "", sessionId = "", track = "", folder = "", seconds = "", paceMs = ""] = process.argv.slice(2);
const say = (line: object): void => console.log(JSON.stringify(line));

const capture = await startCapture({
  baseUrl,
  sessionId,
  track,
  format: wireFormat,
  outbox: await openFileOutbox({ folder }),
});
capture.on("acked", ({ seq }) => say({ acked: seq }));
capture.on("connected", (event) => say({ connected: event }));
say({ started: capture.nextSeq });
for (let seq = capture.nextSeq; seq <= Number(seconds); seq += 1) {
  if (!(await capture.write(samplesOf(seq, seq)))) throw new Error("a day's outbox is full");
  say({ written: seq });
  await delay(Number(paceMs));
}
say({ ended: await capture.end() });
await capture.close();
