/**
 * Puts seconds into a file outbox until it is killed, and removes some. Says each thing as it is done, so that
 * whoever kills it knows what must be there: `put N` after, `removing N` before.
 */
import { openFileOutbox } from "../../../client/node/file-outbox.ts";
import { frameOf } from "./frame-of.ts";

const folder = process.argv[2];
if (folder === undefined) throw new Error("which folder?");
const outbox = await openFileOutbox({ folder });
console.log("open");
for (let { nextSeq: seq } = await outbox.load(); ; seq += 1) {
  await outbox.put(frameOf(seq));
  console.log(`put ${seq}`);
  // The highest one too at times, whose number must then live on in outbox.json.
  if (seq % 3 === 0) {
    const removed = seq % 2 === 0 ? [seq - 1, seq] : [seq - 1];
    for (const each of removed) console.log(`removing ${each}`);
    await outbox.remove(removed);
  }
}
