import type { BillingLedgerDO } from "./billing/index.ts";
import type { Captioner } from "./captions/index.ts";
import type { Operations, TraceLog } from "./operations/index.ts";
import type { Participant } from "./participant/index.ts";
import type { WorkersAi } from "./ai/providers/workers-ai.ts";
import type { UsageLog } from "./ai/usage/usage-log.ts";
import type { ChatList, ChatSessionDO } from "./chat/index.ts";
import type { BodyRegistry, SyncDO } from "./sync/index.ts";
import type { MeetingIndex } from "./search/index.ts";
import type { MeetingFeed } from "./feed/meeting-feed.ts";
import type { GatewayBinding } from "./gateway-binding.ts";
import type { MeetingTranscriber } from "./transcribe/meeting-transcriber.ts";

/** The app's bindings (server/app/wrangler.jsonc). Its variables are parsed by `server/shared/config/speech.ts`. */
export interface Env {
  /** The files of `dist/app`. */
  readonly ASSETS: Pick<Fetcher, "fetch">;
  /** One for each session, by its room's name. */
  readonly MEETING_FEED: DurableObjectNamespace<MeetingFeed>;
  /** One for each session, likewise. */
  readonly MEETING_TRANSCRIBER: DurableObjectNamespace<MeetingTranscriber>;
  /** One for each session, likewise. */
  readonly CAPTIONER: DurableObjectNamespace<Captioner>;
  /** One for each session, likewise. */
  readonly PARTICIPANT: DurableObjectNamespace<Participant>;
  /** One for each tenant, by its name. */
  readonly MEETING_INDEX: DurableObjectNamespace<MeetingIndex>;
  /** One for each tenant, user and chat. */
  readonly CHAT_SESSION: DurableObjectNamespace<ChatSessionDO>;
  /** One for each tenant and user. */
  readonly CHAT_LIST: DurableObjectNamespace<ChatList>;
  /** One for the installation, by the name `installation`. */
  readonly OPERATIONS: DurableObjectNamespace<Operations>;
  /** One for each tenant, by its name. */
  readonly TRACE_LOG: DurableObjectNamespace<TraceLog>;
  readonly GATEWAY: GatewayBinding;
  /** One for each tenant, by its name. */
  readonly USAGE_LOG: DurableObjectNamespace<UsageLog>;
  /** One for each tenant, by its name. */
  readonly BILLING_LEDGER: DurableObjectNamespace<BillingLedgerDO>;
  /** One for each tenant and user: what their devices sync. */
  readonly SYNC: DurableObjectNamespace<SyncDO>;
  /** One for each tenant, by its name: whose bodies are where. */
  readonly BODY_REGISTRY: DurableObjectNamespace<BodyRegistry>;
  /** Bodies of documents and adapters. */
  readonly KNOWLEDGE_STORE: R2Bucket;
  /** The gateway's database. */
  readonly DB: D1Database;
  /** What was spoken lately. */
  readonly CACHE: KVNamespace;
  /** The process that runs the Workers, where they run on a developer's machine; not there in a deployment. */
  readonly LOCAL_STATE?: Pick<Fetcher, "fetch">;
  /** In a deployment alone: on a local machine there is no account to ask with. */
  readonly AI?: WorkersAi;
}
