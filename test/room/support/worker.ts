/** The Worker under test: the real one, whose rooms write to R2 through `bucket-faults`. */
import type { Env } from "../../../server/env.ts";
import { MeetingSessionDO as RealMeetingSessionDO } from "../../../server/room/meeting-session.ts";
import { faultyBucket } from "./bucket-faults.ts";

export { default, EmbeddedResolver } from "../../../server/index.ts";

export class MeetingSessionDO extends RealMeetingSessionDO {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, { ...env, RESULT_BUCKET: faultyBucket(env.RESULT_BUCKET) });
  }
}
