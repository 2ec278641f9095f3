/** Plays frames to one room, whatever carries them, and checks each answer against the model. */
import { pingText } from "../../schemas/wire/messages.ts";
import { buildFrame, type Frame, showFrame } from "./build-frame.ts";
import { checkReplies, countExpected, type Heard } from "./check-replies.ts";
import { Finding } from "./finding.ts";
import type { FramePlan } from "./frame-plan.ts";
import { readFrame, type Reading } from "./judge-frame.ts";
import { type Expected, RoomModel } from "./room-model.ts";

/** One frame on its way: what it is, and what must come of it. */
export interface Turn {
  readonly plan: FramePlan;
  readonly frame: Frame;
  readonly reading: Reading;
  readonly expected: Expected;
  /** Messages that must come. */
  readonly replies: number;
}

export class FramePlayer {
  readonly model: RoomModel;
  readonly #hasPlatform: boolean;

  /** @param hasPlatform whether the exact ping is answered before it reaches the room, which then knows nothing of it (W8). */
  constructor(sessionId: string, hasPlatform: boolean) {
    this.model = new RoomModel(sessionId);
    this.#hasPlatform = hasPlatform;
  }

  plan(plan: FramePlan): Turn {
    const { model } = this;
    const { sessionId, track } = model;
    const frame = buildFrame(plan, { sessionId, track, seqOf: (choice) => model.seqOf(choice) });
    const reading = readFrame(frame);
    const expected = model.expect(reading);
    return { plan, frame, reading, expected, replies: countExpected(expected) };
  }

  /** @returns whether the connection has ended. @throws Finding that shows the frame */
  heard({ plan, frame, reading, expected }: Turn, heard: Heard): boolean {
    try {
      const seq = checkReplies(expected, heard);
      if (expected.kind === "refused") this.model.refused(seq);
      else if (reading.isMessage && !(this.#hasPlatform && frame === pingText)) this.model.answered(reading.message);
      return expected.close !== undefined;
    } catch (cause) {
      if (!(cause instanceof Finding)) throw cause;
      const where = `frame: ${showFrame(frame, plan.encoding)}\nplan: ${JSON.stringify(plan)}`;
      throw new Finding(`${cause.message}\n${where}`, { cause });
    }
  }
}
