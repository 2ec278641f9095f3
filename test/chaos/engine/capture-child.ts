/**
 * A capture client in a process of its own, to be killed: streams the true seconds of a chaos track from a file
 * outbox, from where the outbox stands, and prints one JSON line for each ack and for the end.
 *
 *   node capture-child.ts URL SESSION TRACK FOLDER SECONDS
 */
import { CaptureFailedError, startCapture } from "../../../client/index.ts";
import { openFileOutbox } from "../../../client/node/index.ts";
import { channelCount, sampleRateHz } from "../../../schemas/wire/audio.ts";
import { ChaosAudio } from "./chaos-audio.ts";
import { variants } from "./plan.ts";

const [baseUrl = "", sessionId = "", track = "", folder = "", seconds = ""] = process.argv.slice(2);
const audio = new ChaosAudio(sessionId);
const say = (line: object): void => console.log(JSON.stringify(line));

const capture = await startCapture({
  baseUrl,
  sessionId,
  track,
  format: { sampleRate: sampleRateHz, channels: channelCount },
  outbox: await openFileOutbox({ folder }),
  // What takes half a minute in the field is over in two seconds.
  times: { pingAfterMs: 500, deadAfterMs: 2_000, answerTimeoutMs: 2_000, connectTimeoutMs: 5_000 },
});
capture.on("acked", ({ seq }) => say({ acked: seq }));
try {
  for (let seq = capture.nextSeq; seq <= Number(seconds); seq += 1) {
    await capture.write(new Int16Array(audio.second(track, seq, variants.truth).buffer));
  }
  say({ ended: await capture.end() });
} catch (cause) {
  if (!(cause instanceof CaptureFailedError)) throw cause;
  say({ failed: cause.code });
}
await capture.close();
