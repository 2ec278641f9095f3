/**
 * Who may do what: each operation of the table, with each kind of credential. A new operation without a case here does
 * not compile, and fails.
 */
import { listDurableObjectIds } from "cloudflare:test";
import { describe, expect, test } from "vitest";
import { type Role, roleSchema, type Scope, scopeSchema } from "../../schemas/access.ts";
import { httpErrors, refusalCodeOf } from "../../schemas/wire/errors.ts";
import { sessionStateSchema } from "../../schemas/http/sessions.ts";
import { type Access, type Operation, type OperationId, operations } from "../../schemas/http/operations.ts";
import { type ClientMessage, controlSchemas, type RoomMessage } from "../../schemas/wire/messages.ts";
import { parseRoomName, roomName } from "../../schemas/names.ts";
import { chunkFrame, pcmOf } from "./support/audio.ts";
import { bindings } from "./support/bindings.ts";
import { encodeBase64 } from "../../schemas/wire/base64.ts";
import { Client } from "./support/client.ts";
import { clock } from "./support/clock.ts";
import { bearer, gatewayWith, guarded, keyFor, newKey, required, tokenWith } from "./support/doors.ts";
import { answerTo, inference } from "./support/inference.ts";
import { RoomUnderTest } from "./support/room.ts";
import { eventually } from "./support/waiting.ts";

const roomOf = (name: string): string => `room ${bindings.MEETING_SESSION.idFromName(name).toString()}`;
const ownerOf = (name: string): string => `data of ${name}`;

/** What tells that somebody was here: rooms that woke, and whose rows and objects there are. */
async function traces(): Promise<Set<string>> {
  const probe = bindings.MEETING_SESSION.idFromName("default/readiness.probe");
  const woken = (await listDurableObjectIds(bindings.MEETING_SESSION)).filter((id) => !id.equals(probe));
  const { results } = await bindings.DB.prepare("SELECT tenant || '/' || session_id AS name FROM sessions").run();
  const owners: string[] = results.map(({ name }) => String(name));
  let cursor: string | undefined;
  do {
    const page = await bindings.RESULT_BUCKET.list(cursor === undefined ? {} : { cursor });
    owners.push(...page.objects.map(({ key }) => nameIn(key)));
    cursor = page.truncated ? page.cursor : undefined;
  } while (cursor !== undefined);
  return new Set([...woken.map((id) => `room ${id.toString()}`), ...owners.map(ownerOf)]);
}

/** The room that an object's key belongs to. */
function nameIn(key: string): string {
  const [, tenant = "default", sessionId = ""] = /^(?:tenants\/([^/]+)\/)?sessions\/([^/]+)\//.exec(key) ?? [];
  return `${tenant}/${sessionId}`;
}

/** Other files' tests may have been here in the same process. */
const atFirst = await traces();

interface Case {
  /** Of the path, besides the session. */
  readonly parts?: Readonly<Record<string, string>>;
  readonly query?: string;
  readonly body?: (sessionId: string) => object;
  /** What who may gets, of a session that is open: the status, and the code of a problem. */
  readonly right: string;
  /** The same once more, where it is another. */
  readonly again?: string;
  /** And of an id never opened. */
  readonly never: string;
}

const notFound = "404 session_not_found";
const onMic = { query: "?track=mic", right: "200", never: notFound };
const noChat = {
  parts: { chat_id: "00000000-0000-4000-8000-000000000000" },
  right: "404 chat_not_found",
  never: "404 chat_not_found",
};
const pushed = { body: () => ({ device_id: "laptop" }), right: "200", never: "200" };
const noBody = {
  parts: { sha256: "1".repeat(64) },
  right: "404 body_not_found",
  never: "404 body_not_found",
};
const cases: Readonly<Record<OperationId, Case>> = {
  health: { right: "200", never: "200" },
  ready: { right: "200", never: "200" },
  openapi: { right: "200", never: "200" },
  asyncapi: { right: "200", never: "200" },
  docs: { right: "200", never: "200" },
  console: { right: "200", never: "200" },
  clientModule: { right: "200", never: "200" },
  // No model is set up here.
  transcribeAudio: { right: "503 model_unavailable", never: "503 model_unavailable" },
  createSpeech: { body: () => ({ input: "Hi" }), right: "503 model_unavailable", never: "503 model_unavailable" },
  listModels: { right: "200", never: "200" },
  startTranscription: { right: "503 model_unavailable", never: notFound },
  getTranscription: { right: "404 transcription_not_found", never: notFound },
  cancelTranscription: { right: "404 transcription_not_found", never: notFound },
  transcribe: { right: "503 model_unavailable", never: "503 model_unavailable" },
  speak: { body: () => ({ text: "Hi" }), right: "503 model_unavailable", never: "503 model_unavailable" },
  listVoices: { right: "200", never: "200" },
  chooseModels: { body: () => ({ stt: null }), right: "200", never: "200" },
  apiStt: { right: "503 model_unavailable", never: "503 model_unavailable" },
  apiTts: { body: () => ({ text: "Hi" }), right: "503 model_unavailable", never: "503 model_unavailable" },
  getCaptions: { right: "200", never: notFound },
  completeChat: {
    body: (id) => ({ messages: [{ role: "user", content: "Who spoke?" }], meetings: [id] }),
    right: "200",
    never: notFound,
  },
  apiChat: { body: (id) => ({ message: "Who spoke?", meetings: [id] }), right: "200", never: notFound },
  listChats: { right: "200", never: "200" },
  createChat: { body: () => ({ title: "T" }), right: "201", never: "201" },
  getChat: { ...noChat },
  updateChat: { ...noChat, body: () => ({ title: "T" }) },
  deleteChat: { ...noChat },
  addMessage: { ...noChat, body: () => ({ role: "user", content: "Hi" }) },
  clearChat: { ...noChat },
  resumeAnswer: { ...noChat },
  escalate: {
    body: (id) => ({ request_id: `r-${id}`, query: "Who spoke?", session_id: id }),
    right: "200",
    never: notFound,
  },
  streamEscalation: {
    body: (id) => ({ request_id: `s-${id}`, query: "Who spoke?", session_id: id }),
    right: "200",
    never: notFound,
  },
  routerStatus: { right: "200", never: "200" },
  chat: { body: (id) => ({ message: "Who spoke?", meetings: [id] }), right: "200", never: notFound },
  startParticipant: { right: "503 model_unavailable", never: notFound },
  getParticipant: { right: "404 participant_not_found", never: notFound },
  endParticipant: { right: "404 participant_not_found", never: notFound },
  getUsage: { right: "200", never: "200" },
  getBalance: { right: "200", never: "200" },
  recordEntries: {
    body: (event_id) => ({ entries: [{ event_id, at: "2026-11-29T09:00:00Z", feature: "chat" }] }),
    right: "200",
    never: "200",
  },
  topUp: { body: (event_id) => ({ event_id, amount_usd: "1" }), right: "200", never: "200" },
  // They are about all tenants, and this one is not the operator's.
  getMetrics: { right: "403 forbidden", never: "403 forbidden" },
  getEdgeHealth: { right: "403 forbidden", never: "403 forbidden" },
  getTrace: { right: "200", never: "200" },
  listEntries: { right: "200", never: "200" },
  getBudgets: { right: "200", never: "200" },
  setBudgets: { body: () => ({ budgets: [] }), right: "200", never: "200" },
  flushLedger: { right: "200", never: "200" },
  syncSettings: { ...pushed },
  syncKnowledge: { ...pushed },
  syncAdapters: { ...pushed },
  syncLora: { ...pushed },
  syncHistory: { ...pushed },
  syncStatus: { right: "200", never: "200" },
  // What each who takes it is given is another number: renewing one that nobody holds is the same for all.
  lockSync: {
    body: () => ({ device_id: "laptop", fence: 7 }),
    right: "409 fence_stale",
    never: "409 fence_stale",
  },
  startBody: { body: () => ({ sha256: "0".repeat(64), bytes: 1 }), right: "200", never: "200" },
  // Begun by whoever may, and by nobody else: nothing came of it.
  putBodyPart: { ...noBody, parts: { sha256: "1".repeat(64), part: "1" } },
  completeBody: { ...noBody },
  getBody: { ...noBody },
  ingest: { right: "101", never: "101" },
  ingestTrack: { parts: { track: "mic" }, right: "101", never: "101" },
  getQuota: { right: "200", never: "200" },
  // As `getMetrics`.
  rebuildSessions: { body: () => ({}), right: "403 forbidden", never: "403 forbidden" },
  listSessions: { right: "200", never: "200" },
  createSession: { body: (session_id) => ({ session_id }), right: "200", never: "201" },
  getSession: { right: "200", never: notFound },
  configureSession: { body: () => ({ retention_days: 7 }), right: "200", never: notFound },
  deleteSession: { right: "200", never: notFound },
  // What its key may hand on besides is in tokens.test.ts.
  mintToken: { body: () => ({ role: "capture" }), right: "201", never: notFound },
  getState: { right: "200", never: notFound },
  getEvents: { right: "200", never: notFound },
  live: { right: "101", never: "4404 session_not_found" },
  addUtterances: {
    body: () => ({ utterances: [{ utterance_id: "u1", track: "mic", start_ms: 0, end_ms: 1, text: "a" }] }),
    right: "200",
    never: notFound,
  },
  bindSpeaker: { parts: { cluster_id: "c1" }, body: () => ({ name: "Ada" }), right: "200", never: notFound },
  unbindSpeaker: { parts: { cluster_id: "c1" }, right: "200", never: notFound },
  mergeSpeakers: {
    parts: { cluster_id: "c2" },
    body: () => ({ into: "c1" }),
    right: "200",
    again: "400 bad_request",
    never: notFound,
  },
  correctTurn: { parts: { event_id: "2" }, body: () => ({ cluster_id: "c2" }), right: "200", never: notFound },
  undoCorrection: { parts: { event_id: "2" }, right: "409 not_undoable", never: notFound },
  setTrackOrigin: { parts: { track: "mic" }, body: () => ({ origin_ms: 1 }), right: "200", never: notFound },
  resolve: {
    body: () => ({ audio: { content_b64: "AAAA", format: "pcm_s16le" } }),
    right: "200",
    never: "200",
  },
  retryResolves: { body: () => ({}), right: "200", never: notFound },
  reviewSpeakers: { body: () => ({}), right: "409 not_finalized", never: notFound },
  finalize: { body: () => ({}), right: "200", never: notFound },
  getResult: { right: "409 not_finalized", never: notFound },
  listResults: { right: "409 not_finalized", never: notFound },
  getAudio: onMic,
  getPeaks: onMic,
  exportRttm: onMic,
  exportVtt: onMic,
  exportSrt: onMic,
  exportText: onMic,
  listDeliveries: { right: "200", never: notFound },
  testWebhook: { right: "409 webhooks_not_set_up", never: notFound },
  resendDelivery: { parts: { delivery_id: "d1" }, right: "404 delivery_not_found", never: notFound },
};

const tenant = "acme";
const otherTenant = "umbra";
const rows = Object.entries(operations as Readonly<Record<OperationId, Operation>>) as [OperationId, Operation][];
const behindDoors = rows.flatMap(([id, operation]) => {
  const { access } = operation;
  return access === "public" ? [] : [{ id, operation, access }];
});

const adminKeys = { [tenant]: await keyFor(tenant, ["admin"]), [otherTenant]: await keyFor(otherTenant, ["admin"]) };
const othersScopes = (scope: Scope): Scope[] =>
  scopeSchema.options.filter((other) => other !== scope && other !== "admin");
const keys = {
  scoped: new Map(
    await Promise.all(scopeSchema.options.map(async (scope) => [scope, await keyFor(tenant, [scope])] as const)),
  ),
  unscoped: new Map(
    await Promise.all(
      scopeSchema.options.map(async (scope) => [scope, await keyFor(tenant, othersScopes(scope))] as const),
    ),
  ),
  revoked: await keyFor(tenant, ["admin"], { isRevoked: true }),
  nobodys: newKey(),
  expired: await keyFor(tenant, ["admin"], { expiresAt: Date.now() - 1 }),
};

/** All of one length, so that no answer's length tells them apart. */
const newId = (): string => `m-${crypto.randomUUID()}`;
/** Rooms that somebody opened who may. */
const opened = new Set<string>();
/** Rooms that somebody asked for who may, and that were never opened. */
const asked = new Set<string>();

/** Notes what becomes of a new id that somebody asks for who may. */
function note(of: string, sessionId: string, never: string): void {
  (isRefusal(never) ? asked : opened).add(roomName(of, sessionId));
  inference(sessionId, (request) => Response.json(answerTo(request)));
}
const isRefusal = (outcome: string): boolean => outcome.includes(" ");

/** A session with two speakers, a turn of each, and a second of `mic`. */
async function open(): Promise<string> {
  const id = newId();
  opened.add(roomName(tenant, id));
  inference(id, (request) => Response.json(answerTo(request)));
  const asAdmin = keyOf(adminKeys[tenant]);
  const client = await Client.connect(id, { track: "mic", credential: adminKeys[tenant].key, via: guarded });
  await client.keep(1);
  client.close();
  await ask("resolve", id, asAdmin);
  await ask("resolve", id, asAdmin);
  const room = new RoomUnderTest(id, tenant);
  await eventually("all is written that the room writes by itself", async () => {
    const row = await bindings.DB.prepare("SELECT 1 FROM sessions WHERE session_id = ?").bind(id).first();
    return row !== null && (await room.pending()) === 0;
  });
  return id;
}

interface Presented {
  readonly headers?: Readonly<Record<string, string>>;
  /** As `?token=`. */
  readonly inUrl?: string;
}
const keyOf = ({ key }: { key: string }): Presented => ({ headers: bearer(key) });
const byToken = async (claims: object, secret?: string): Promise<Presented> => ({
  headers: bearer(await tokenWith({ tenant, ...claims }, secret)),
});

interface Answer {
  /** Status, and the code of a problem; for a socket 101, or its close and the code of its error. */
  readonly outcome: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

async function ask(id: OperationId, sessionId: string, { headers = {}, inUrl }: Presented): Promise<Answer> {
  const { method, path, isSocket }: Operation = operations[id];
  const { parts = {}, query = "", body } = cases[id];
  const filled = path.replaceAll(/:(\w+)/g, (_, name: string) =>
    name === "session_id" ? sessionId : (parts[name] ?? ""),
  );
  const url = filled + query + (inUrl === undefined ? "" : `${query === "" ? "?" : "&"}token=${inUrl}`);
  const answer = await guarded(url, {
    method,
    headers: { ...headers, ...(isSocket ? { upgrade: "websocket" } : {}) },
    ...(body ? { body: JSON.stringify(body(sessionId)) } : {}),
  });
  return answer.webSocket ? readSocket(answer, sessionId) : readAnswer(answer);
}

async function readAnswer(answer: Response): Promise<Answer> {
  // Not as `text()`: not all of it is.
  const body = new TextDecoder().decode(await answer.arrayBuffer());
  const isProblem = answer.headers.get("content-type") === "application/problem+json";
  const code = isProblem ? ` ${(JSON.parse(body) as { code: string }).code}` : "";
  return { outcome: `${answer.status}${code}`, headers: Object.fromEntries(answer.headers), body };
}

/** Asks for a pong: what comes first tells whether the connection was taken. */
async function readSocket(answer: Response, sessionId: string): Promise<Answer> {
  const client = await Client.over(answer, sessionId);
  client.send({ type: "ping", n: 1 });
  const first = await client.next();
  const headers = Object.fromEntries(answer.headers);
  if (first.type !== "error") {
    client.close();
    return { outcome: "101", headers, body: first.type };
  }
  const { code } = await client.closed;
  return { outcome: `${code} ${first.code}`, headers, body: JSON.stringify(first) };
}

type RefusalCode = "unauthorized" | "token_expired" | "forbidden";

/** How an operation tells a refusal. */
function told({ isSocket }: Operation, code: RefusalCode): string {
  return `${isSocket ? refusalCodeOf(code) : httpErrors[code].status} ${code}`;
}

/** Credentials that let nobody in, and what is said of each. */
async function refused(
  sessionId: string,
  { scope, roles, covers }: Exclude<Access, "public">,
): Promise<[name: string, presented: Presented, code: RefusalCode][]> {
  const { revoked, expired, unscoped } = keys;
  const session = { session_id: sessionId };
  const role = roles[0] ?? "observe";
  const wrongRoles = roleSchema.options.filter((other) => !roles.includes(other));
  const key = adminKeys[tenant].key;
  const nobodys = keys.nobodys.key;
  const stranger = keyOf({ key: `${adminKeys[tenant].key.slice(0, 16)}${newKey().secret}` });
  return [
    ["nothing", {}, "unauthorized"],
    ["another scheme", { headers: { authorization: "Basic YTpi" } }, "unauthorized"],
    ["a scheme alone", { headers: { authorization: "Bearer" } }, "unauthorized"],
    ["what is no key", { headers: bearer("rt_nokey") }, "unauthorized"],
    ["what is no token", { headers: bearer("a.b.c") }, "unauthorized"],
    [
      "a key and another",
      { headers: { ...bearer(key), "sec-websocket-protocol": `bearer.${nobodys}` } },
      "unauthorized",
    ],
    ["a key in the URL", { inUrl: key }, "unauthorized"],
    ["a key that nobody has", keyOf(keys.nobodys), "unauthorized"],
    ["a key with another's secret", stranger, "unauthorized"],
    ["a revoked key", keyOf(revoked), "unauthorized"],
    ["an expired key", keyOf(expired), "unauthorized"],
    ["a key of all other scopes", keyOf(unscoped.get(scope) ?? newKey()), "forbidden"],
    ["a token of another secret", await byToken({ ...session, role }, "x".repeat(32)), "unauthorized"],
    ["a token without a session", await byToken({ role }), "unauthorized"],
    ["a token of two sessions", await byToken({ ...session, interviewId: newId(), role }), "unauthorized"],
    ["a token of two subjects", await byToken({ ...session, userId: "eve", role }), "unauthorized"],
    ["a token of no role", await byToken({ ...session, role: "admin" }), "unauthorized"],
    ["an expired token", await byToken({ ...session, role, iat: 1_000, exp: 1_300 }), "token_expired"],
    ...(covers === "caller"
      ? []
      : [["a token of another session", await byToken({ session_id: newId(), role }), "forbidden"] as const]),
    ...(await Promise.all(
      wrongRoles.map(
        async (wrong) => [`a token to ${wrong}`, await byToken({ ...session, role: wrong }), "forbidden"] as const,
      ),
    )),
    ...(await Promise.all(
      confined(roles, covers).map(
        async (of) =>
          [
            `a token to ${of} another track`,
            await byToken({ ...session, role: of, tracks: ["desk"] }),
            "forbidden",
          ] as const,
      ),
    )),
  ].map(([name, presented, code]) => [name, presented, code] as [string, Presented, RefusalCode]);
}

const streams = (role: Role): boolean => role === "capture" || role === "converse";

/** The roles whose tokens are refused where they name another track than is asked for. */
function confined(roles: readonly Role[], covers: Exclude<Access, "public">["covers"]): Role[] {
  return covers === "caller" ? [] : roles.filter((role) => covers === "track" || !streams(role));
}

/** Credentials that let in. */
async function accepted(
  sessionId: string,
  { scope, roles, covers }: Exclude<Access, "public">,
): Promise<[name: string, presented: Presented][]> {
  const session = { session_id: sessionId };
  const tokens = roles.map(async (role): Promise<[string, Presented]> => {
    const narrow = covers !== "session" || streams(role) ? { tracks: ["mic", "lamp"] } : {};
    return [`a token to ${role}`, await byToken({ ...session, role, ...narrow })];
  });
  const respelt = roles.map(async (role): Promise<[string, Presented]> => {
    const claims = { sub: undefined, userId: "eve", interviewId: sessionId, role };
    return [`a token to ${role}, spelt otherwise`, await byToken(claims)];
  });
  return [
    ["a key of the scope", keyOf(keys.scoped.get(scope) ?? newKey())],
    ["a key of an admin", keyOf(adminKeys[tenant])],
    ...(await Promise.all([...tokens, ...respelt])),
  ];
}

test("[P6] every operation has a case here", () => {
  expect(Object.keys(cases).sort()).toEqual(rows.map(([id]) => id).sort());
});

test.each(rows.flatMap(([id, { access }]) => (access === "public" ? [{ id }] : [])))(
  "[P6] $id is for everybody, whatever they present",
  async ({ id }) => {
    expect((await ask(id, "", {})).outcome).toBe("200");
    expect((await ask(id, "", { headers: bearer("rt_nokey") })).outcome).toBe("200");
  },
);

// Whose URL names no track takes all: its first frame tells (below).
const isLate = (id: OperationId, name: string): boolean => id === "ingest" && name.endsWith("another track");

/** For what changes nothing in it. */
const shared = await open();
const sharedRoom = new RoomUnderTest(shared, tenant);
/** But for the alarm at which a token ends. */
const untouched = await sharedRoom.dump(["jobs"]);

describe("refused", () => {
  const there = shared;

  test.each(behindDoors)("[P6] [P10] $id: alike for a session that is open and for none", async (row) => {
    const { id, operation, access } = row;
    const nowhere = newId();
    const [ofThere, ofNowhere] = await Promise.all([refused(there, access), refused(nowhere, access)]);
    const tried = ofThere.filter(([name]) => !isLate(id, name));
    const answers = await Promise.all(tried.map(([, presented]) => ask(id, there, presented)));
    const others = await Promise.all(
      ofNowhere.filter(([name]) => !isLate(id, name)).map(([, presented]) => ask(id, nowhere, presented)),
    );
    const named = (n: number, outcome: string): string => `${tried[n]?.[0] ?? ""}: ${outcome}`;
    expect(answers.map(({ outcome }, n) => named(n, outcome))).toEqual(
      // Who shows nothing holds no connection for it (W7).
      tried.map(([name, , code], n) => named(n, name === "nothing" ? "401 unauthorized" : told(operation, code))),
    );
    expect(answers.map((answer) => anonymous(answer, there))).toEqual(
      others.map((answer) => anonymous(answer, nowhere)),
    );
  });

  test("[P10] all of that changed nothing", async () => {
    expect(await sharedRoom.dump(["jobs"])).toEqual(untouched);
  });
});

/** An answer without what differs from one request to the next, and without the session's id. */
function anonymous({ outcome, headers, body }: Answer, sessionId: string): Answer {
  const { "x-trace-id": trace = "", ...others } = headers;
  const blank = (text: string): string => text.replaceAll(sessionId, "ID").replaceAll(trace || "-", "TRACE");
  const rest = Object.fromEntries(Object.entries(others).map(([name, value]) => [name, blank(value)]));
  return { outcome, headers: rest, body: blank(body) };
}

describe("let in", () => {
  test.each(behindDoors)("[P6] $id: its scope, admin, and its roles in both spellings", async ({ id, access }) => {
    const sessionId = operations[id].method === "GET" && isRefusal(cases[id].never) ? shared : await open();
    const outcomes: string[] = [];
    const all = await accepted(sessionId, access);
    for (const [name, presented] of all) outcomes.push(`${name}: ${(await ask(id, sessionId, presented)).outcome}`);
    const { right, again = right, never } = cases[id];
    expect(outcomes).toEqual(all.map(([name], n) => `${name}: ${n === 0 ? right : again}`));
    const fresh = newId();
    note(tenant, fresh, never);
    expect((await ask(id, fresh, keyOf(adminKeys[tenant]))).outcome).toBe(never);
  });
});

const comers = async (sessionId: string, roles: readonly Role[]): Promise<Presented[]> => [
  keyOf(adminKeys[otherTenant]),
  ...(await Promise.all(roles.map((role) => byToken({ tenant: otherTenant, session_id: sessionId, role })))),
];

/** Asked for by its id: these tests open more sessions than a page lists. */
async function isListed({ headers = {} }: Presented): Promise<boolean> {
  const answer = await guarded(`/v1/sessions?q=${shared}`, { headers });
  const { sessions } = await answer.json<{ sessions: { session_id: string }[] }>();
  return sessions.some(({ session_id }) => session_id === shared);
}

describe("another tenant", () => {
  // Nor is a new chat about a session.
  test.each(behindDoors.filter(({ id }) => !["listSessions", "getQuota", "createChat"].includes(id)))(
    "[T1] [P10] $id: a session of theirs is one never opened, to the byte",
    async ({ id, access }) => {
      const { never } = cases[id];
      // What opens a session opens one of their own, which the other operations must not find.
      const [theirs, nowhere] = [isRefusal(never) ? shared : await open(), newId()];
      const room = new RoomUnderTest(theirs, tenant);
      const before = await room.dump(["jobs"]);
      for (const sessionId of [theirs, nowhere]) note(otherTenant, sessionId, never);
      const [toTheirs, toNowhere] = [await comers(theirs, access.roles), await comers(nowhere, access.roles)];
      const answers = await Promise.all(toTheirs.map((presented) => ask(id, theirs, presented)));
      const others = await Promise.all(toNowhere.map((presented) => ask(id, nowhere, presented)));
      expect(answers.map(({ outcome }) => outcome)).toEqual(answers.map(() => never));
      expect(answers.map((answer) => anonymous(answer, theirs))).toEqual(
        others.map((answer) => anonymous(answer, nowhere)),
      );
      expect(await room.dump(["jobs"])).toEqual(before);
    },
  );

  test("[T1] sees nothing of it in the list", async () => {
    await eventually("its own tenant does", () => isListed(keyOf(adminKeys[tenant])));
    expect(await isListed(keyOf(adminKeys[otherTenant]))).toBe(false);
  });
});

const live = (sessionId: string): string => `/v1/sessions/${sessionId}/live`;
const state = (sessionId: string): string => `/v1/sessions/${sessionId}/state`;
const upgrade = { upgrade: "websocket" };
const prepare = (): never => {
  throw new Error("D1_ERROR: Network connection lost.");
};

/** Of its audio, and of its words, for whoever may read these tracks. */
const statuses = async (tracks: string[], query: string): Promise<number[]> => {
  const headers = bearer(await tokenWith({ tenant, session_id: shared, role: "observe", tracks }));
  const answers = ["audio.wav", "transcript.vtt"].map(async (name) => {
    const answer = await guarded(`/v1/sessions/${shared}/${name}${query}`, { headers });
    await answer.arrayBuffer();
    return answer.status;
  });
  return Promise.all(answers);
};

test("[P7] a token for some tracks reads those alone, also where the URL names none", async () => {
  expect(await statuses(["mic", "lamp"], "?track=mic")).toEqual([200, 200]);
  // The audio of the session's one track; the words of all of them.
  expect(await statuses(["mic"], "")).toEqual([200, 403]);
  expect(await statuses(["lamp"], "")).toEqual([403, 403]);
  expect(await statuses(["lamp"], "?track=mic")).toEqual([403, 403]);
  expect(await statuses(["lamp"], "?track=lamp")).toEqual([404, 404]);
});

describe("presented", () => {
  test("[P1] in the header, as a subprotocol, and, a token alone, in the URL", async () => {
    const sessionId = shared;
    const token = await tokenWith({ tenant, session_id: sessionId, role: "observe" });
    const { key } = adminKeys[tenant];
    const asProtocol = (credential: string): Record<string, string> => ({
      ...upgrade,
      "sec-websocket-protocol": `bearer.${credential}`,
    });
    const taken = [
      await guarded(state(sessionId), { headers: bearer(token) }),
      await guarded(state(sessionId), { headers: { authorization: `bearer  ${token}` } }),
      await guarded(`${state(sessionId)}?token=${token}`),
      await guarded(`${state(sessionId)}?token=${token}`, { method: "HEAD" }),
      await guarded(`${state(sessionId)}?token=${token}`, { headers: bearer(token) }),
    ];
    expect(taken.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    const sockets = [
      await guarded(live(sessionId), { headers: { ...upgrade, ...bearer(token) } }),
      await guarded(live(sessionId), { headers: asProtocol(token) }),
      await guarded(live(sessionId), { headers: asProtocol(key) }),
      await guarded(`${live(sessionId)}?token=${token}`, { headers: upgrade }),
    ];
    const outcomes = await Promise.all(sockets.map(async (socket) => (await readSocket(socket, sessionId)).outcome));
    expect(outcomes).toEqual(["101", "101", "101", "101"]);
    const refusals = [
      await guarded(`${state(sessionId)}?token=${key}`),
      await guarded(`${state(sessionId)}?token=${token}&token=${newKey().secret}`),
      await guarded(`${state(sessionId)}?token=`),
      // What logs would keep: no route that changes anything takes it.
      await guarded(`/v1/sessions/${sessionId}/utterances?token=${token}`, { method: "POST", body: "{}" }),
    ];
    expect(refusals.map(({ status }) => status)).toEqual([401, 401, 401, 401]);
  });

  test("[W3] a client that offers its token alone gets that back, one that offers an encoding gets the encoding", async () => {
    const sessionId = shared;
    const token = await tokenWith({ tenant, session_id: sessionId, role: "observe" });
    const offered = async (offer: string): Promise<string | null> => {
      const answer = await guarded(live(sessionId), { headers: { ...upgrade, "sec-websocket-protocol": offer } });
      (await Client.over(answer, sessionId, offer.includes("msgpack") ? "msgpack" : "json")).close();
      return answer.headers.get("sec-websocket-protocol");
    };
    expect(await offered(`bearer.${token}`)).toBe(`bearer.${token}`);
    expect(await offered(`bearer.${token}, roomtone.v1.msgpack`)).toBe("roomtone.v1.msgpack");
    expect(await offered(`roomtone.v1.json, bearer.${token}`)).toBe("roomtone.v1.json");
    expect(await offered("bearer.x")).toBe("bearer.x");
  });

  test("[P10] while keys can't be read, a key is let in nowhere; a token is", async () => {
    const sessionId = shared;
    const blind = gatewayWith({ ...required, RATE_LIMIT_PER_MINUTE: "off", DB: { prepare } });
    const answer = await blind(state(sessionId), { headers: bearer(adminKeys[tenant].key) });
    expect((await readAnswer(answer)).outcome).toBe("503 keys_unavailable");
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
    const socket = await blind(live(sessionId), { headers: { ...upgrade, ...bearer(adminKeys[tenant].key) } });
    expect((await readSocket(socket, sessionId)).outcome).toBe("1011 internal");
    const token = await tokenWith({ tenant, session_id: sessionId, role: "observe" });
    expect((await blind(state(sessionId), { headers: bearer(token) })).status).toBe(200);
  });
});

/** One message of each type. */
const messages: Readonly<Record<ClientMessage["type"], (sessionId: string, seq: number) => object>> = {
  hello: () => ({ type: "hello", sample_rate: 16_000, channels: 1, format: "pcm_s16le" }),
  chunk: (sessionId, seq) => chunkFrame({ sessionId, seq, pcm: pcmOf(seq), encoding: "json" }),
  status: () => ({ type: "status" }),
  ping: () => ({ type: "ping", n: 1 }),
  end: (_, seq) => ({ type: "end", last_seq: seq }),
  gap: (_, seq) => ({ type: "gap", from_seq: seq, to_seq: seq, cause: "client_gave_up" }),
  seen: () => ({ type: "seen", mark: "a-guess" }),
  live: () => ({ type: "live", sample_rate: 16_000, content_b64: encodeBase64(new Uint8Array(640)) }),
  close: () => ({ type: "close" }),
};
type MessageType = keyof typeof messages;
const types = Object.keys(messages) as MessageType[];
/** Those that are about no track. */
const isTrackless = (type: MessageType): boolean => type === "ping" || type === "close" || type === "seen";
/** The type of the answer to each message; null for those that get none. */
const answersTo: Readonly<Record<MessageType, RoomMessage["type"] | null>> = {
  hello: "ready",
  chunk: "ack",
  status: "status",
  ping: "pong",
  end: "ended",
  gap: "status",
  seen: null,
  // Before the connection has taken a track.
  live: "error",
  close: "closing",
};

/** What a message is answered with. After one that has no answer a ping shows that nothing was said of it. */
async function heard(client: Client, type: MessageType, message: object): Promise<RoomMessage["type"] | null> {
  client.send(message);
  if (answersTo[type] === null) client.send(messages.ping(client.sessionId, 1));
  const { type: answer } = await client.next();
  return answersTo[type] === null && answer === "pong" ? null : answer;
}

const connect = async (sessionId: string, claims: object, track?: string): Promise<Client> => {
  const credential = await tokenWith({ tenant, session_id: sessionId, role: "capture", ...claims });
  return Client.connect(sessionId, { via: guarded, credential, ...(track === undefined ? {} : { track }) });
};

describe("messages", () => {
  test("every type of message is looked at here", () => {
    expect([...types].sort()).toEqual([...Object.keys(controlSchemas), "chunk", "live"].sort());
  });

  test.each(types.filter((type) => !isTrackless(type)))(
    "[P7] %s for a track that the token does not name ends the connection, and changes nothing",
    async (type) => {
      const byDefault = await connect(shared, { tracks: ["mic"] });
      byDefault.send(messages[type](shared, 2));
      expect(await byDefault.nextOf("error")).toMatchObject({ code: "forbidden", retryable: false });
      await byDefault.expectClose(4403);
      expect(await sharedRoom.dump(["jobs"])).toEqual(untouched);
    },
  );

  test("[P7] a hello that names another track ends the connection; one that names its own does not", async () => {
    const sessionId = await open();
    const client = await connect(sessionId, { tracks: ["mic", "lamp"] });
    await client.hello({ track: "lamp" });
    expect(await client.keep(1)).toMatchObject({ status: "stored" });
    const other = await connect(sessionId, { tracks: ["mic", "lamp"] });
    await other.refused({ ...messages.hello(sessionId, 1), track: "desk" }, "forbidden");
    await other.expectClose(4403);
    expect(await new RoomUnderTest(sessionId, tenant).count("tracks", "track = 'desk'")).toBe(0);
  });

  test.each(types.filter(isTrackless))("[P7] %s is about no track, and is answered", async (type) => {
    const client = await connect(shared, { tracks: ["desk"] });
    expect(await heard(client, type, messages[type](client.sessionId, 1))).toBe(answersTo[type]);
  });

  test.each(types)("[P6] %s of who only watches streams nothing", async (type) => {
    const sessionId = shared;
    const token = await tokenWith({ tenant, session_id: sessionId, role: "observe" });
    const stands = await guarded(state(sessionId), { headers: bearer(token) });
    const { event_count: after } = sessionStateSchema.parse(await stands.json());
    const headers = { upgrade: "websocket", ...bearer(token) };
    const watcher = await Client.over(await guarded(`${live(sessionId)}?after=${after}`, { headers }), sessionId);
    const answer = await heard(watcher, type, messages[type](sessionId, 2));
    expect(answer).toBe(isTrackless(type) ? answersTo[type] : "error");
    expect(await sharedRoom.dump(["jobs"])).toEqual(untouched);
  });

  test("[P5] what has no answer is the last, too, after the token's end", async () => {
    const sessionId = await open();
    const client = await connect(sessionId, {}, "mic");
    clock.advance(306_000);
    client.send(messages.seen(sessionId, 2));
    expect(await client.nextOf("error")).toMatchObject({ code: "token_expired", retryable: false });
    await client.expectClose(4401);
  });

  const answeredTypes = types.filter((type) => answersTo[type] !== null);
  test.each(answeredTypes)("[P5] %s after the token's end is answered, and is the last", async (type) => {
    const sessionId = await open();
    const client = await connect(sessionId, {}, "mic");
    clock.advance(306_000);
    client.send(messages[type](sessionId, 2));
    expect((await client.next()).type).toBe(answersTo[type]);
    if (type === "close") return client.expectClose(1000);
    expect(await client.nextOf("error")).toMatchObject({ code: "token_expired", retryable: false });
    return client.expectClose(4401);
  });
});

test("[P10] no room was woken by what was refused, and nothing is left of it", async () => {
  const known = new Set([...atFirst, ...[...opened, ...asked].map(roomOf), ...[...opened].map(ownerOf)]);
  expect([...(await traces())].filter((trace) => !known.has(trace))).toEqual([]);
  expect(asked.size).toBeGreaterThan(0);
  for (const name of asked) {
    const { tenant: of, sessionId } = parseRoomName(name) ?? { tenant: "", sessionId: "" };
    const room = new RoomUnderTest(sessionId, of);
    expect(await room.dump()).toEqual({});
    expect(await room.alarmAt()).toBeNull();
  }
});
