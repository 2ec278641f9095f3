/** The Worker under test: the real one, which reaches R2 through `bucket-faults`, as its rooms do. */
import entry from "../../../server/gateway/index.ts";
import type { Env } from "../../../server/gateway/env.ts";
import { MeetingSessionDO as RealMeetingSessionDO } from "../../../server/gateway/room/meeting-session.ts";
import {
  Captioner as RealCaptioner,
  Participant as RealParticipant,
  UsageLog as RealUsageLog,
} from "../../../server/app/index.ts";
import type { Env as AppEnv } from "../../../server/app/env.ts";
import { appOf } from "./app-faults.ts";
import { faultyBucket } from "./bucket-faults.ts";
import { faultyIndex } from "./index-faults.ts";
import { faultyQuotas } from "./quota-faults.ts";
import { closeOutlet } from "../../../server/shared/telemetry/recorder.ts";
import { variablesOf } from "./variables.ts";

// Tests of what isolates tell open their own.
closeOutlet();

export {
  AppEntrypoint,
  BillingLedgerDO,
  ChatList,
  ChatSessionDO,
  MeetingFeed,
  MeetingIndex,
  MeetingTranscriber,
  Operations,
  TraceLog,
  BodyRegistry,
  SyncDO,
} from "../../../server/app/index.ts";

/** Hands nothing on to the ledger for tenants whose names begin with `usage-tenant-`: tests read there what was written down. */
export class UsageLog extends RealUsageLog {
  override async alarm(): Promise<void> {
    if (!this.ctx.id.name?.startsWith("usage-tenant-")) await super.alarm();
  }
}

/** Has the variables of its meeting. */
export class Captioner extends RealCaptioner {
  constructor(ctx: DurableObjectState, env: AppEnv) {
    super(ctx, { ...env, ...variablesOf(ctx.id.name) });
  }
}

/** Has the variables of its meeting. */
export class Participant extends RealParticipant {
  constructor(ctx: DurableObjectState, env: AppEnv) {
    super(ctx, { ...env, ...variablesOf(ctx.id.name) });
  }
}
export { EmbeddedResolver, GatewayEntrypoint, RateLimiter, TenantQuota } from "../../../server/gateway/index.ts";

export default {
  fetch: (request, env, ctx) => entry.fetch(request, { ...env, RESULT_BUCKET: faultyBucket(env.RESULT_BUCKET) }, ctx),
} satisfies ExportedHandler<Env>;

export class MeetingSessionDO extends RealMeetingSessionDO {
  constructor(ctx: DurableObjectState, env: Env) {
    const { APP: _, ...own } = env;
    super(ctx, {
      ...own,
      ...appOf(ctx.id.name),
      ...variablesOf(ctx.id.name),
      RESULT_BUCKET: faultyBucket(env.RESULT_BUCKET),
      DB: faultyIndex(env.DB),
      TENANT_QUOTA: faultyQuotas(env.TENANT_QUOTA),
    });
  }
}
