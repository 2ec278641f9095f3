/**
 * What an installation is made of, in one table: every binding, variable and secret of both Workers. The two `wrangler.jsonc`,
 * the Workers' `Env`, `docs/cloudflare-bindings.md` and `.env.example` hold the same names; a test compares them.
 */
import { allVariables } from "../config.ts";
import { operationsVariables } from "../operations.ts";
import { speechVariables } from "../speech.ts";

export type WorkerName = "gateway" | "app";

export type BindingKind =
  | "durable object"
  | "R2 bucket"
  | "D1 database"
  | "KV namespace"
  | "service"
  | "assets"
  | "Workers AI"
  | "version";

export interface BindingRow {
  readonly name: string;
  readonly worker: WorkerName;
  readonly kind: BindingKind;
  /** The class of a Durable Object, the entrypoint of a service. */
  readonly target?: string;
  /** Without it the Worker can't do what it is for. */
  readonly isRequired: boolean;
  readonly meaning: string;
}

const durable = (worker: WorkerName, name: string, target: string, meaning: string): BindingRow => {
  return { name, worker, kind: "durable object", target, isRequired: true, meaning };
};

export const bindingTable: readonly BindingRow[] = [
  durable(
    "gateway",
    "MEETING_SESSION",
    "MeetingSessionDO",
    "Rooms: one for each session. All that is acked is here first.",
  ),
  durable("gateway", "RATE_LIMITER", "RateLimiter", "Counts requests: one for each tenant and subject, or address."),
  durable("gateway", "TENANT_QUOTA", "TenantQuota", "Open sessions and seconds of audio: one for each tenant."),
  {
    name: "RESULT_BUCKET",
    worker: "gateway",
    kind: "R2 bucket",
    isRequired: true,
    meaning: "Audio, ledgers and `result.json` of every session.",
  },
  {
    name: "DB",
    worker: "gateway",
    kind: "D1 database",
    isRequired: true,
    meaning: "API keys, the list of sessions, and switches.",
  },
  {
    name: "CF_VERSION_METADATA",
    worker: "gateway",
    kind: "version",
    isRequired: false,
    meaning: "`GET /health` says which upload runs.",
  },
  {
    name: "APP",
    worker: "gateway",
    kind: "service",
    target: "AppEntrypoint",
    isRequired: false,
    meaning: "The app. Without it the gateway records, resolves and finalizes; pages, documents and AI are 404.",
  },
  {
    name: "ASSETS",
    worker: "app",
    kind: "assets",
    isRequired: true,
    meaning: "The console, and the contract's documents.",
  },
  durable("app", "MEETING_FEED", "MeetingFeed", "What was heard of a session: one for each."),
  durable("app", "MEETING_TRANSCRIBER", "MeetingTranscriber", "Makes a transcript of a kept session: one for each."),
  durable("app", "CAPTIONER", "Captioner", "Captions of a session that goes on: one for each."),
  durable("app", "USAGE_LOG", "UsageLog", "Calls of models: one for each tenant."),
  durable("app", "MEETING_INDEX", "MeetingIndex", "What was said, to be found again: one for each tenant."),
  durable("app", "CHAT_SESSION", "ChatSessionDO", "A kept chat: one for each tenant, user and chat."),
  durable("app", "CHAT_LIST", "ChatList", "A user's chats: one for each tenant and user."),
  durable("app", "BILLING_LEDGER", "BillingLedgerDO", "What a tenant used and paid: one for each."),
  durable("app", "OPERATIONS", "Operations", "Metrics and alerts of the installation: one."),
  durable("app", "TRACE_LOG", "TraceLog", "Lines of the last days: one for each tenant."),
  durable("app", "PARTICIPANT", "Participant", "A model that takes part in a session: one for each."),
  durable("app", "SYNC", "SyncDO", "What a user's devices sync: one for each tenant and user."),
  durable("app", "BODY_REGISTRY", "BodyRegistry", "Which bodies a tenant has, and who holds them: one for each."),
  {
    name: "KNOWLEDGE_STORE",
    worker: "app",
    kind: "R2 bucket",
    isRequired: true,
    meaning: "Bodies of knowledge and of adapters, each once for a tenant.",
  },
  { name: "DB", worker: "app", kind: "D1 database", isRequired: true, meaning: "The gateway's, which migrates it." },
  { name: "CACHE", worker: "app", kind: "KV namespace", isRequired: true, meaning: "What was spoken lately." },
  {
    name: "AI",
    worker: "app",
    kind: "Workers AI",
    isRequired: false,
    meaning: "Models of `workers-ai/…`. Not in a local run, which has no account.",
  },
  {
    name: "GATEWAY",
    worker: "app",
    kind: "service",
    target: "GatewayEntrypoint",
    isRequired: true,
    meaning: "How the app reads meetings, and adds to them.",
  },
];

/** Set with `npm run deploy` or `wrangler secret put`, never in a file of the repository. */
const secrets: ReadonlySet<string> = new Set([
  "JWT_SECRET",
  "INFERENCE_API_KEY",
  "WEBHOOK_SECRET",
  "WORKER_SHARED_SECRET",
  "OPENAI_API_KEY",
  "AI_GATEWAY_TOKEN",
  "ANTHROPIC_API_KEY",
  "GOOGLE_API_KEY",
  "LOG_DRAIN_TOKEN",
  "ALERT_WEBHOOK_TOKEN",
]);

/** Secrets without which a Worker of a deployment answers 503. */
const requiredSecrets: ReadonlySet<string> = new Set(["JWT_SECRET"]);

/** Variables of the gateway that the app reads too. */
const alsoOfApp: ReadonlySet<string> = new Set(["WORKER_SHARED_SECRET"]);

export interface VariableRow {
  readonly name: string;
  readonly workers: readonly WorkerName[];
  readonly isSecret: boolean;
  readonly isRequired: boolean;
  readonly meaning: string;
}

export const variableTable: readonly VariableRow[] = Object.entries(allVariables).map(([name, schema]) => ({
  name,
  workers: workersOf(name),
  isSecret: secrets.has(name),
  isRequired: requiredSecrets.has(name),
  meaning: schema.description ?? "",
}));

function workersOf(name: string): readonly WorkerName[] {
  if (Object.hasOwn(speechVariables, name) || Object.hasOwn(operationsVariables, name)) return ["app"];
  return alsoOfApp.has(name) ? ["gateway", "app"] : ["gateway"];
}

/** Variables that the program which starts the Workers sets by itself: an operator has no use for them. */
const ofStarter: readonly string[] = ["BUILD_ID"];

/** Names of the variables that a Worker reads. */
export function variablesOf(worker: WorkerName): readonly string[] {
  return [...variableTable.filter(({ workers }) => workers.includes(worker)).map(({ name }) => name), ...ofStarter];
}
