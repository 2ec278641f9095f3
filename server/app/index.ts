/**
 * The app Worker: what is built on kept meetings. It has no address of its own. The gateway reaches it through a binding to
 * `AppEntrypoint`, after it has checked credential, origin and rate; whoever would reach the Worker itself finds nothing.
 */
import { env, waitUntil, WorkerEntrypoint } from "cloudflare:workers";
import * as z from "zod";
import { type FeedAnswer, feedBatchSchema } from "../../schemas/meeting-feed.ts";
import { roomName, sessionIdSchema, tenantSchema } from "../../schemas/names.ts";
import { environmentCheck } from "../shared/config/installation/check-environment.ts";
import { log } from "../shared/telemetry/log.ts";
import { openOutlet } from "../shared/telemetry/recorder.ts";
import { hideSecretsOf } from "../shared/telemetry/redact.ts";
import type { Env } from "./env.ts";
import { entriesOfFeed } from "./billing/index.ts";
import { createApp } from "./http/app.ts";
import { forgetMeeting, takeTelemetry } from "./operations/index.ts";
import { tellIndex } from "./search/index.ts";

export { BillingLedgerDO } from "./billing/index.ts";
export { Captioner } from "./captions/index.ts";
export { MeetingFeed } from "./feed/meeting-feed.ts";
export { MeetingTranscriber } from "./transcribe/meeting-transcriber.ts";
export { MeetingIndex } from "./search/index.ts";
export { Operations, TraceLog } from "./operations/index.ts";
export { Participant } from "./participant/index.ts";
export { ChatList, ChatSessionDO } from "./chat/index.ts";
export { BodyRegistry, SyncDO } from "./sync/index.ts";
export { UsageLog } from "./ai/usage/usage-log.ts";

hideSecretsOf(env);
openOutlet({
  send: (batch) => takeTelemetry(env as Env, batch),
  keepAlive: waitUntil,
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  now: Date.now,
});

const app = createApp();
const checkEnvironment = environmentCheck("app", log);

/** What the gateway reaches as its binding `APP`. */
export class AppEntrypoint extends WorkerEntrypoint<Env> {
  override async fetch(request: Request): Promise<Response> {
    checkEnvironment(this.env);
    return app.fetch(request, this.env, this.ctx);
  }

  /**
   * Takes messages of a meeting's feed. Of a batch that is not understood nothing is taken: the gateway keeps it, and sends it
   * again to an app that understands it.
   */
  async takeMeeting(batch: unknown): Promise<FeedAnswer> {
    const parsed = feedBatchSchema.safeParse(batch);
    if (!parsed.success) {
      log.error("feed.not_understood", { issue: parsed.error.issues[0]?.path.join(".") });
      return { taken_through: 0 };
    }
    const { tenant, session_id, messages } = parsed.data;
    const name = roomName(tenant, session_id);
    if (messages.some(({ type }) => type === "session.deleted")) {
      await this.env.MEETING_TRANSCRIBER.getByName(name).forget();
      await this.env.PARTICIPANT.getByName(name).forget();
      await forgetMeeting(this.env, tenant, session_id);
    }
    // First, and for as often as it takes: what it hears of twice changes nothing.
    await this.env.CAPTIONER.getByName(name).follow(tenant, session_id, messages);
    if (messages.some(({ type }) => type === "track.opened")) {
      const wanted = await this.env.GATEWAY.participantOf({ tenant, session_id });
      await this.env.PARTICIPANT.getByName(name).join(tenant, session_id, wanted.ok ? wanted.value : undefined);
    }
    await tellIndex(this.env, tenant, session_id, messages);
    const entries = entriesOfFeed(session_id, messages);
    if (entries.length > 0) await this.env.BILLING_LEDGER.getByName(tenant).record(entries);
    const feed = this.env.MEETING_FEED.getByName(name);
    return { taken_through: await feed.take(messages) };
  }

  /**
   * Has the words of these meetings read again, for a tenant whose index was lost or is doubted: questions find them as they are read, within
   * seconds each. Bears repeating; one that is deleted, or that the gateway does not know, gets no words. @param sessionIds at most 1,000.
   */
  async readMeetingsAgain(tenant: unknown, sessionIds: unknown): Promise<void> {
    const [name, ids] = [tenantSchema.parse(tenant), z.array(sessionIdSchema).max(1_000).parse(sessionIds)];
    await this.env.MEETING_INDEX.getByName(name).rebuild(ids);
  }

  /** Takes what isolates and rooms tell of themselves. */
  async takeTelemetry(batch: unknown): Promise<void> {
    await takeTelemetry(this.env, batch);
  }

  /** Somebody comes who was let in to talk with a model: one takes part once they are heard, where none did yet. */
  async expectConversation(tenant: string, sessionId: string): Promise<void> {
    await this.env.PARTICIPANT.getByName(roomName(tenant, sessionId)).expect();
  }
}

export default {
  fetch: () => new Response(null, { status: 404 }),
} satisfies ExportedHandler<Env>;
