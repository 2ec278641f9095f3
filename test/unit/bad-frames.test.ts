/** Every frame that is refused by what it is, whatever the room holds. The room's own refusals: `test/contract/frames.long.test.ts`. */
import { expect, test } from "vitest";
import { decodeFrame } from "../../schemas/wire/codec.ts";
import { badFrames } from "../support/bad-frames.ts";

/** Codes of frames that are well formed: only the room knows what is wrong with them. */
const ofTheRoom = new Set(["meeting_mismatch", "seq_out_of_range"]);
/** So are these, though other frames of their code are not. */
const wellFormed = new Set([
  "hello: another track than the connection's",
  "hello: another stream_role than the connection's",
  "hello: track and stream_role differ",
  "end: below the last kept chunk",
]);

test.each(badFrames.filter(({ code, title }) => !ofTheRoom.has(code) && !wellFormed.has(title)))(
  "[K5] $title: $code",
  ({ frame, code }) => {
    expect(decodeFrame(frame("t-any"))).toMatchObject({ ok: false, error: { code } });
  },
);
