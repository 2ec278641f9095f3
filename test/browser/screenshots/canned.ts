/** Answers in the gateway's place, of states that are hard to come by: each as the contract has it, since the page reads it as such. */
import type { Page } from "playwright-core";
import type { ChatEnd, EdgeHealth, Participant, Trace } from "../../../client/index.ts";
import type { ChatEvent } from "../../../client/results/chat-types.ts";

const json = "application/json";
const at = (secondsAgo: number): string => new Date(Date.now() - secondsAgo * 1_000).toISOString();

/** Refuses all that an address is asked for. */
export async function refuse(page: Page, address: string, status: number, code: string, detail: string): Promise<void> {
  const problem = { type: "about:blank", title: code, status, detail, code, trace_id: "0".repeat(32) };
  await page.route(address, (route) =>
    route.fulfill({ status, contentType: "application/problem+json", body: JSON.stringify(problem) }),
  );
}

/** Answers requests to an address with a body. @param begunStatus of the answer to a POST, which begins something. */
export async function answer(page: Page, address: string, body: object, begunStatus = 200): Promise<void> {
  await page.route(address, (route) =>
    route.fulfill({
      status: route.request().method() === "POST" ? begunStatus : 200,
      contentType: json,
      body: JSON.stringify(body),
    }),
  );
}

/** The gateway's own answer, with something changed in it. */
export async function changeAnswer(page: Page, address: string, changed: object): Promise<void> {
  await page.route(address, async (route) => {
    const real = await route.fetch();
    const body = (await real.json()) as object;
    await route.fulfill({ status: real.status(), contentType: json, body: JSON.stringify({ ...body, ...changed }) });
  });
}

const end: ChatEnd = {
  model: "embedded/extractive",
  instead_of: "openai/gpt-5.2-a-preview",
  found: true,
  finish_reason: "stop",
  usage: { cost_nano_usd: 0, is_estimated: false },
};

export async function answerQuestion(page: Page, events: readonly ChatEvent[]): Promise<void> {
  const body = events.map(({ type, ...data }) => `event: ${type}\ndata: ${JSON.stringify(data)}\n\n`).join("");
  await page.route("**/v1/chat", (route) => route.fulfill({ contentType: "text/event-stream", body }));
}

/** Of a model that is away: the words of a meeting and of a document instead. */
export const quoted = (session_id: string): readonly ChatEvent[] => [
  { type: "begin", model: end.model, instead_of: end.instead_of },
  { type: "delta", text: "This is what was said about it, in the speakers' own words:\n“The launch is on the ninth " },
  { type: "delta", text: "of March.” [1]\nAnd in your documents: “Launch: 9 March, unless the kiln cracks.” [2]" },
  { type: "citation", n: 1, session_id, track: "mic", start_ms: 4_200, end_ms: 7_800, speaker: "Ann" },
  { type: "document", n: 2, document_id: "kiln", title: "Kiln", start: 0, end: 40 },
  { type: "done", ...end },
];

export const participant = (session_id: string, phase: Participant["phase"]): Participant => ({
  session_id,
  phase,
  model: "embedded/interviewer",
  track: "ai",
  started_at: at(60),
  ends_at: at(-1_740),
  ended_at: phase === "ended" ? at(0) : null,
  reason: phase === "ended" ? "model_done" : null,
  utterances: 3,
  transcript: "none",
});

export const transcription = {
  transcription_id: "6f8e3f9a-4c1f-4f0e-9a49-0f5d2a1f6f10",
  status: "running",
  model: "embedded/moonshine-base",
  tracks: [{ track: "mic", transcribed_ms: 5_200, duration_ms: 12_000 }],
  utterances: 2,
  started_at: at(4),
  ended_at: null,
  error: null,
} as const;

export const inTrouble = (session_id: string): Partial<EdgeHealth> => ({
  status: "alerting",
  archive: { pending_chunks: 4_212, oldest_pending_s: 371 },
  inference: { meetings_down: 2, down_since: at(400) },
  captions: { meetings_behind: 1, lag_s: 48 },
  models: [{ tenant: "default", model: "openai/gpt-5.2-a-preview", since: at(200) }],
  quota: { tenant: "a-tenant-with-a-long-name-of-its-own", percent: 97 },
  disk: { free_bytes: 812_000_000 },
  webhooks: { pending: 12, dead: 3 },
  switched_off: ["captions", "chat"],
  alerts: [
    { alert: "archive_behind", since: at(300), summary: "Seconds of audio wait for R2 for 371 s; the limit is 60 s." },
    { alert: "inference_down", since: at(390), summary: "The speaker service of 2 meetings does not answer." },
  ],
  troubled: [
    {
      tenant: "a-tenant-with-a-long-name-of-its-own",
      session_id,
      pending_chunks: 4_200,
      oldest_pending_at: at(371),
      is_inference_down: true,
    },
    {
      tenant: "default",
      session_id: "standup",
      pending_chunks: 12,
      oldest_pending_at: at(20),
      is_inference_down: false,
    },
  ],
});

export const traceOf = (session_id: string): Trace => {
  const facts = { tenant: "default", session_id, trace_id: "4bf92f3577b34da6a3ce929d0e0e4736" };
  return {
    session_id,
    from: at(300),
    to: at(0),
    is_cut: true,
    lines: [
      {
        at: at(240),
        level: "info",
        event: "cf_request",
        ...facts,
        route: "createSession",
        status: 201,
        duration_ms: 12,
      },
      { at: at(239), level: "info", event: "connection_opened", ...facts, track: "mic", client_id: "web" },
      {
        at: at(200),
        level: "warn",
        event: "archive_retry",
        ...facts,
        cause: "R2 did not answer within 10000 ms",
        try: 2,
      },
      {
        at: at(199),
        level: "error",
        event: "resolve_failed",
        ...facts,
        window: "1-4",
        cause: `the service answered 503: ${"overloaded ".repeat(20)}`,
      },
    ],
  };
};
