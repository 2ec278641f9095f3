/**
 * The meeting that is recorded: twelve seconds of the session `board-7`, in which Ada and Grace speak and one second is lost; and
 * beside it two sessions in which something goes wrong. Each step waits until the one before it is through, so that
 * the same things happen in the same order each time.
 */
import { readFileSync } from "node:fs";
import { limits } from "../../schemas/limits.ts";
import { chunkBytes } from "../../schemas/wire/audio.ts";
import type { SessionState } from "../../schemas/http/sessions.ts";
import { chunkFields, helloFields } from "../../client/testkit/frames.ts";
import { until } from "../../client/testkit/until.ts";
import { timestampMs } from "./normalise.ts";
import { pay } from "./play-billing.ts";
import { playChats } from "./play-chats.ts";
import { converse } from "./play-conversation.ts";
import { playOperator } from "./play-operator.ts";
import { playSync } from "./play-sync.ts";
import type { Connection, Recorder } from "./recorder.ts";
import { awaySession, failingSession, refusedSession, type Surroundings } from "./surroundings.ts";

const session_id = "board-7";
const stalledSession = "hallway-2";
const newest = [
  { session_id: "planning-5", title: "Planning" },
  { session_id: "weekly-6", title: "Weekly" },
];
const openedSession = "townhall-8";
const track = "mixed";
const lostSeq = 11;
const roster = [{ name: "Ada Lovelace", email: "ada@example.com" }, { name: "Grace Hopper" }];
const utterances = [
  { utterance_id: "u1", start_ms: 300, end_ms: 2_700, text: "Hello everyone, this is Ada. Shall we begin?" },
  { utterance_id: "u2", start_ms: 3_200, end_ms: 5_900, text: "Thank you, Ada. The numbers first." },
  { utterance_id: "u3", start_ms: 7_200, end_ms: 8_600, text: "They look right to me." },
];

/** The sample meeting of `npm run demo`: speech, since silence is not sent to speaker resolve. Its header has 44 bytes. */
const speech = readFileSync(new URL("../../scripts/demo/sample/interview.wav", import.meta.url)).subarray(44);
const secondOf = (seq: number): Buffer => speech.subarray((seq - 1) * chunkBytes, seq * chunkBytes);

const chunk = (session: string, seq: number, fields: object = {}) => ({
  ...chunkFields(session, seq),
  type: "chunk",
  timestamp_ms: timestampMs(seq - 1),
  content_b64: secondOf(seq).toString("base64"),
  ...fields,
});
const hello = { ...helloFields, type: "hello" };

export async function play(recorder: Recorder, { url, webhooks }: Surroundings): Promise<void> {
  const webhook_url = `${url}/webhooks?for=board`;
  for (const session of [awaySession, stalledSession, refusedSession]) {
    await recorder.ask("createSession", { body: { session_id: session, roster, webhook_url } });
  }
  const stalled = await recorder.connect(`/v1/audio/ws/${stalledSession}`);
  const refused = await recorder.connect(`/v1/audio/ws/${refusedSession}`);
  const away = await recorder.connect(`/v1/audio/ws/${awaySession}`);
  const ended = [
    [refused, refusedSession],
    [away, awaySession],
  ] as const;
  for (const [room, session] of ended) {
    for (const seq of [1, 2, 3, 4]) await keep(room, session, seq);
    room.send({ type: "end", last_seq: 4 });
    await room.next("ended");
  }
  await keep(stalled, stalledSession, 1);

  await recorder.call("health", ["serving", "It serves"]);
  await recorder.call("ready", ["ready", "All of it works"]);
  await open(recorder, webhook_url);
  await stream(recorder);
  await correct(recorder);
  await goWrong(recorder, webhooks);
  await leave(recorder, webhooks);
  await refuse(recorder);
  await transcribe(recorder);
  await converse(recorder);
  await hearAndSpeak(recorder);
  await pay(recorder);
  await list(recorder);
}

async function keep(
  connection: Connection,
  session: string,
  seq: number,
  sent?: string,
  acked?: string,
): Promise<void> {
  connection.send(chunk(session, seq), sent);
  await connection.next("ack", acked);
}

async function open(recorder: Recorder, webhook_url: string): Promise<void> {
  const parameters = { session_id };
  const title = "Board meeting";
  const metadata = { room: "Atlas" };
  const body = { session_id, title, roster, metadata, resolve: { window_chunks: 3 }, webhook_url, retention_days: 90 };
  await recorder.call("createSession", ["with_roster", "A meeting whose people are known"], { body });
  await recorder.call("createSession", ["again", "Asked again with the same settings"], { body });
  await recorder.refused("createSession", { body: { ...body, retention_days: 30 } });
  const keepLonger = { retention_days: 365 };
  await recorder.call("configureSession", ["keep_longer", "Keep it for a year"], { parameters, body: keepLonger });
  const capture = { role: "capture", tracks: [track], sub: "web-42", lifetime_s: 3_600 };
  const forCapture = "For a browser that streams its microphone for an hour";
  await recorder.call("mintToken", ["capture", forCapture], { parameters, body: capture });
}

async function stream(recorder: Recorder): Promise<void> {
  const parameters = { session_id };
  const path = `/v1/audio/ws/${session_id}`;
  const watcher = await recorder.connect(`/v1/sessions/${session_id}/live`);
  let room = await recorder.connect(path);
  room.send(hello, "The least that a hello says");
  await room.next("ready", "A new track");
  const captions = (some: readonly object[]) => ({ parameters, body: { utterances: some } });
  await recorder.call("addUtterances", ["captions", "Two captions"], captions(utterances.slice(0, 2)));
  const revised = [
    { utterance_id: "u2", start_ms: 3_200, end_ms: 5_900, text: "Thank you, Ada. The numbers, first." },
    ...utterances.slice(2),
  ];
  for (const seq of [1, 2, 3, 4, 5, 6, 7, 8, 9]) {
    await keep(room, session_id, seq, ...(seq === 1 ? ["The first second", "The first second is kept"] : []));
    if (seq % 3 === 0) await recorder.settled("getState", parameters, resolvedUpTo(seq));
  }
  await recorder.call(
    "addUtterances",
    ["revised", "One that revises what was posted before, one new"],
    captions(revised),
  );
  await recorder.call(
    "addUtterances",
    ["refused", "Other words under a revision that is kept, and one that is kept like this already"],
    captions([
      { utterance_id: "u1", start_ms: 300, end_ms: 2_700, text: "Hello.", revision: 1 },
      ...revised.slice(0, 1),
    ]),
  );
  for (const seq of [10, 12]) await keep(room, session_id, seq);
  await keep(room, session_id, 1, undefined, "It came twice");
  await recorder.settled("getState", parameters, archivedUpTo(12));
  room.send({ type: "status" }, "Where does the track stand?");
  await room.next("status", `Twelve seconds, of which second ${lostSeq} is missing`);
  await recorder.call("getSession", ["midway", `Twelve seconds, of which second ${lostSeq} is missing`], {
    parameters,
  });
  await recorder.call("getState", ["midway", `Twelve seconds, of which second ${lostSeq} is missing`], { parameters });

  const wanted = {
    ...hello,
    meeting_id: session_id,
    track,
    client_id: "recorder-3",
    subscribe: ["speakers", "status"],
  };
  const before = room;
  room = await recorder.connect(path);
  room.send(wanted, "With a track and a client's name, and events wanted");
  await room.next("ready", `After a reconnect: send second ${lostSeq}, and go on with 13`);
  await before.next("closing", "A newer connection streams the track");
  await badFrames(room);
  room.send(
    { type: "gap", from_seq: lostSeq, to_seq: lostSeq, cause: "capture_stall" },
    "The device gave nothing for a second",
  );
  await room.next("status");
  room.send(
    { type: "end", last_seq: 12, padding_samples: 4_000 },
    "Twelve seconds; a quarter of the last one is padding",
  );
  await room.next("ended", "One second is missing still");
  room.send({ type: "ping" }, "In exactly this spelling the platform answers by itself");
  await room.next("pong", "From the platform");
  room.sendRaw('{ "type": "ping" }');
  await room.next("pong", "From the room");
  const listener = await recorder.connect(`/v1/sessions/${session_id}/live?topics=live`);
  await room.next("listeners", "Somebody listens");
  const silence = Buffer.alloc(640).toString("base64");
  const live = { type: "live", sample_rate: 16_000, at_ms: 12_000, content_b64: silence };
  room.send(live, "A fiftieth of a second of silence, for those who listen");
  recorder.keepMessage("relayed", "To who listens", await listener.next("live"));
  listener.end();
  await room.next("listeners");
  room.send({ type: "seen", mark: "5f0c9a17" }, "All up to the message with this mark was read");
  await watcher.next("event", "A caption", "utterance.added");
  await watcher.next("event", "A voice got its name", "speaker.bound");
  await watcher.next("event", "A turn", "speaker.resolved");
  watcher.end();
  room.send({ type: "close", reason: "done" }, "The meeting is over");
  await room.next("closing", "As the client asked");
}

const resolvedUpTo = (seq: number) => (state: SessionState) => state.ingest.resolved_seq === seq;
const archivedUpTo = (seq: number) => (state: SessionState) => state.ingest.archived_seq === seq;

/** Every frame that the codec or the room refuses and that leaves the connection open. */
async function badFrames(room: Connection): Promise<void> {
  const { content_b64, ...rest } = chunk(session_id, 13);
  const audio = Buffer.from(content_b64, "base64");
  const bad: readonly (string | Uint8Array | ReturnType<typeof chunk> | { type: string })[] = [
    "{",
    Uint8Array.of(0xc1),
    { type: "shout" },
    { ...rest, type: "chunk" },
    chunk(session_id, 13, { sample_rate: 48_000 }),
    chunk(session_id, 13, { content_b64: audio.subarray(2).toString("base64") }),
    chunk(session_id, 13, { content_b64: `${content_b64.slice(0, -4)} ${content_b64.slice(-4)}` }),
    chunk("board-8", 13),
    chunk(session_id, 13, { seq: 200_000 }),
    chunk(session_id, 1, { content_b64: chunk(session_id, 2).content_b64 }),
  ];
  for (const frame of bad) await room.refused(frame);
}

/** What people say of the speakers. `c3` is Ada again; who spoke the turn of `c2` is only suggested. */
async function correct(recorder: Recorder): Promise<void> {
  const parameters = { session_id };
  const events = await eventsOf(recorder);
  const turnOf = (cluster: string): number =>
    events.findLast(({ type, cluster_id }) => type === "speaker.resolved" && cluster_id === cluster)?.event_id ?? 0;
  const into = { parameters: { ...parameters, cluster_id: "c3" }, body: { into: "c1" } };
  await recorder.call("mergeSpeakers", ["into_c1", "They are one person"], into);
  const turn = { ...parameters, event_id: turnOf("c2") };
  const confirmed = { parameters: turn, body: { suggestion: "confirmed" } };
  await recorder.call("correctTurn", ["confirmed", "The suggested name is right"], confirmed);
  const given = { parameters: { ...parameters, event_id: turnOf("c3") }, body: { cluster_id: "c2" } };
  await recorder.call("correctTurn", ["given", "The turn is c2's"], given);
  const merged = (await eventsOf(recorder)).findLast(({ type }) => type === "speaker.merged")?.event_id ?? 0;
  const undo = { parameters: { ...parameters, event_id: merged } };
  await recorder.call("undoCorrection", ["apart", "They are two again"], undo);
  await recorder.call("mergeSpeakers", ["after_all", "They are one person after all"], into);
  const origin = { parameters: { ...parameters, track }, body: { origin_ms: timestampMs(0) } };
  await recorder.call("setTrackOrigin", ["ten", "It began at ten"], origin);
  const c1 = { ...parameters, cluster_id: "c1" };
  await recorder.call("unbindSpeaker", ["unbound", "c1 is not who it is said to be"], { parameters: c1 });
  const ada = { parameters: c1, body: { name: "Ada Lovelace" } };
  await recorder.call("bindSpeaker", ["bound", "The name holds from now on"], ada);
  await recorder.call("bindSpeaker", ["said_before", "It was said before: nothing is added"], ada);
}

async function eventsOf(recorder: Recorder): Promise<{ event_id: number; type: string; cluster_id?: string }[]> {
  const { text } = await recorder.ask("getEvents", { parameters: { session_id, limit: 1_000 } });
  return (JSON.parse(text) as { events: { event_id: number; type: string; cluster_id?: string }[] }).events;
}

/** The two sessions in which something goes wrong. */
async function goWrong(recorder: Recorder, webhooks: Surroundings["webhooks"]): Promise<void> {
  const sent = (type: string) =>
    until(() => webhooks.find((webhook) => webhook.type === type), { what: `webhook ${type}`, timeoutMs: 30_000 });
  recorder.keepWebhook("resolve.failed", "Windows without a speaker", await sent("resolve.failed"));
  recorder.keepWebhook("track.stalled", "Nothing came after the first second", await sent("track.stalled"));
  recorder.keepWebhook("resolve.stalled", "The service failed three times in a row", await sent("resolve.stalled"));
  recorder.keepWebhook("session.created", "A meeting begins", await sent("session.created"));
  const tried = { parameters: { session_id: refusedSession } };
  await recorder.call("testWebhook", ["asked_for", "It is sent as any other"], tried);
  recorder.keepWebhook("webhook.test", "To try the receiver", await sent("webhook.test"));
  const parameters = { session_id: refusedSession };
  const retry = { parameters, body: { track } };
  await recorder.call("retryResolves", ["one_track", "Those of one track"], retry);
  const audio = {
    content_b64: chunk(session_id, 1).content_b64,
    format: "pcm_s16le",
    sample_rate: 16_000,
    channels: 1,
  };
  const body = { audio, asr_text: "Hello everyone, this is Ada." };
  const asked = { parameters: { session_id: stalledSession }, body };
  await recorder.call("resolve", ["pcm", "Raw audio (cut short here), with what was said in it"], asked);
  await recorder.refused("resolve", { parameters: { session_id: failingSession }, body });
  const waiting = { parameters, body: { expect: { [track]: 5 }, grace_ms: 60_000 } };
  await recorder.call("finalize", ["waiting", "A second is missing that may still come"], waiting);
  await recorder.ask("deleteSession", { parameters });
  await recorder.settled("deleteSession", parameters, ({ status }: { status: string }) => status === "deleted");
  recorder.keepWebhook("session.deleted", "All of it is gone", await sent("session.deleted"));
  await recorder.refused("getState", { parameters });
}

/** The end of the meeting, and what it leaves. */
async function leave(recorder: Recorder, webhooks: Surroundings["webhooks"]): Promise<void> {
  const parameters = { session_id };
  await recorder.refused("getResult", { parameters });
  const { length: known } = await eventsOf(recorder);
  const watcher = await recorder.connect(`/v1/sessions/${session_id}/live?after=${known}`);
  const now = { parameters, body: { metadata: { outcome: "approved" }, expect: { [track]: 12 } } };
  await recorder.call("finalize", ["now", "As it is, now"], now);
  await watcher.next("closing", "To a watcher, after the last event");
  await recorder.call("getResult", ["board_meeting", "Twelve seconds of a board meeting"], { parameters });
  await recorder.call("listResults", ["first", "Nothing was changed since"], { parameters });
  await recorder.call("getEvents", ["page", "The first four events"], { parameters: { ...parameters, limit: 4 } });
  const last = (await eventsOf(recorder)).length - 2;
  const asStream = { parameters: { ...parameters, after: last }, headers: { accept: "text/event-stream" } };
  await recorder.call("getEvents", ["stream", "The last events of a stream"], asStream);
  const coarse = { parameters: { ...parameters, points: 12 } };
  await recorder.call("getPeaks", ["board_meeting", "A point a second"], coarse);
  await recorder.call("exportRttm", ["board_meeting", "A line a turn"], { parameters });
  await recorder.call("exportVtt", ["board_meeting", "Gaps are notes"], { parameters });
  await recorder.call("exportSrt", ["board_meeting", "A caption an utterance"], { parameters });
  await recorder.call("exportText", ["board_meeting", "A line an utterance, a line a gap"], { parameters });
  const sent = () => webhooks.find(({ type }) => type === "session.finalized");
  const finalized = await until(sent, { what: "webhook session.finalized" });
  recorder.keepWebhook("session.finalized", "The result can be fetched", finalized);
  type Deliveries = { deliveries: { delivery_id: string; attempts: number; last_status: number | null }[] };
  const failed = ({ deliveries: [delivery] }: Deliveries): boolean => delivery?.last_status === 500;
  await recorder.settled("listDeliveries", parameters, failed);
  const { deliveries } = (await recorder.call("listDeliveries", ["failing", "The receiver answered 500"], {
    parameters,
  })) as Deliveries;
  const again = { parameters: { ...parameters, delivery_id: deliveries[0]?.delivery_id ?? "" } };
  await recorder.call("resendDelivery", ["again", "It is tried now"], again);
  const renamed = { parameters: { ...parameters, cluster_id: "c1" }, body: { name: "Ada King" } };
  await recorder.ask("bindSpeaker", renamed);
  const revised = () => webhooks.find(({ type }) => type === "result.revised");
  const told = await until(revised, { what: "webhook result.revised", timeoutMs: 30_000 });
  recorder.keepWebhook("result.revised", "A speaker got another name after the end", told);
}

/** Requests that are refused, for each problem that a running gateway of one person can be brought to. */
async function refuse(recorder: Recorder): Promise<void> {
  const parameters = { session_id };
  const unknown = { session_id: "never-opened" };
  await recorder.refused("listSessions", { parameters: { limit: 0 } });
  await recorder.refusedAt("/v1/sessions/board%207/state");
  await recorder.refused("getAudio", { parameters: { ...parameters, track: "No Such" } });
  await recorder.refused("getAudio", { parameters: { ...parameters, track: "other" } });
  await recorder.refused("getAudio", { parameters, headers: { range: "bytes=9000000-" } });
  await recorder.refused("resolve", { parameters, body: {}, headers: { "x-idempotency-key": "x".repeat(300) } });
  const badUrl = "http://10.0.0.1/webhooks";
  await recorder.refused("createSession", { body: { session_id: "other-1", webhook_url: badUrl } });
  await recorder.refusedAt("/health", { headers: { origin: "https://elsewhere.example" } });
  await recorder.refusedAt("/v1/nothing");
  await recorder.refusedAt("/health", { method: "POST" });
  await recorder.refused("getState", { parameters: unknown });
  const bind = { body: { name: "Ada" } };
  await recorder.refused("bindSpeaker", { parameters: { session_id: stalledSession, cluster_id: "c9" }, ...bind });
  const refusal = { body: { suggestion: "refused" } };
  await recorder.refused("correctTurn", { parameters: { session_id: stalledSession, event_id: 900 }, ...refusal });
  const delivery_id = "msg_00000000-0000-4000-8000-0000000000ff";
  await recorder.refused("resendDelivery", { parameters: { ...parameters, delivery_id } });
  const tooLong = { body: { name: "x".repeat(5_000) } };
  await recorder.refused("bindSpeaker", { parameters: { session_id: stalledSession, cluster_id: "c9" }, ...tooLong });
  await recorder.refused("ingest", { parameters });
  const long = await recorder.connect(`/v1/audio/ws/${stalledSession}`);
  await long.refused(" ".repeat(limits.maxMessageBytes + 1));
  const late = await recorder.connect(`/v1/audio/ws/${session_id}`);
  recorder.keepError(await late.next("error"));
  const nobody = await recorder.connect(`/v1/sessions/${unknown.session_id}/live`);
  recorder.keepError(await nobody.next("error"));
}

const isThird = ({ versions }: { versions: unknown[] }): boolean => versions.length === 3;
const isTranscribed = ({ status }: { status: string }): boolean => status === "done";

/** The meeting once more, through the model that hears. */
async function transcribe(recorder: Recorder): Promise<void> {
  const parameters = { session_id };
  await recorder.refused("getTranscription", { parameters });
  await recorder.call("startTranscription", ["begun", "All tracks, by the preferred model"], { parameters, body: {} });
  await recorder.refused("startTranscription", { parameters, body: { model: "embedded/moonshine-tiny" } });
  await recorder.settled("getTranscription", parameters, isTranscribed);
  await recorder.call("getTranscription", ["done", "All twelve seconds are transcribed"], { parameters });
  // What it made of the result is deleted with it.
  await recorder.settled("listResults", parameters, isThird);
  await recorder.call("cancelTranscription", ["ended", "It ended already: it stays as it is"], { parameters });
  const question = { message: "What was said about the numbers?", meetings: [session_id] };
  await recorder.call("chat", ["numbers", "By the model that quotes"], { body: question });
  const streamed = { body: question, headers: { accept: "text/event-stream" } };
  await recorder.call("chat", ["stream", "The same as events"], streamed);
  await playOperator(recorder, session_id);
  await playChats(recorder, session_id);
  await playSync(recorder);
  await recorder.call("reviewSpeakers", ["one_track", "All of a track"], { parameters, body: { track } });
  await recorder.call("getCaptions", ["off", "Captions are off here, so nothing was said"], { parameters });
}

/** Audio and text of no meeting. */
async function hearAndSpeak(recorder: Recorder): Promise<void> {
  const audio = new Uint8Array(Buffer.concat([1, 2, 3].map(secondOf)));
  const headers = { "content-type": "audio/L16; rate=16000" };
  await recorder.call("transcribe", ["three_seconds", "Samples without a header"], { audio, headers });
  const asStream = { audio, headers: { ...headers, accept: "text/event-stream" } };
  await recorder.call("transcribe", ["stream", "Segments as they are heard, then all of it"], asStream);
  const text = { text: "The meeting begins in five minutes." };
  await recorder.call("speak", ["sentence", "By the preferred model, as WAV"], { body: text });
  const samples = { ...text, voice: "nova", format: "pcm", speed: 1.25 };
  await recorder.call("speak", ["samples", "Samples of another voice, faster"], { body: samples });
  await recorder.call("listVoices", ["embedded", "Those of the model that comes with the installation"]);
  const first = { stt: ["embedded/moonshine-tiny"] };
  await recorder.call("chooseModels", ["first", "Which model hears first"], { body: first });
  await recorder.call("chooseModels", ["back", "The deployment's own order again"], { body: { stt: null } });
}

/** The tenant's sessions, and the end of one of them. */
async function list(recorder: Recorder): Promise<void> {
  // What a model said before it left hangs on the moment: the newest two are meetings in which nobody spoke.
  for (const body of newest) await recorder.ask("createSession", { body });
  type Page = { sessions: { session_id: string; status: string; duration_ms: number }[] };
  const isListed = ({ sessions }: Page): boolean =>
    newest.every((made) => sessions.some((one) => one.session_id === made.session_id)) &&
    sessions.some((one) => one.session_id === failingSession) &&
    sessions.some((one) => one.session_id === session_id && one.status === "finalized") &&
    sessions.some((one) => one.session_id === stalledSession && one.duration_ms > 0);
  await recorder.settled("listSessions", {}, isListed);
  const page = "The newest two, and more on the next page";
  await recorder.call("listSessions", ["page", page], { parameters: { limit: 2 } });
  await recorder.call("getQuota", ["counted", "As counted now"]);
  const opening = { role: "capture", sub: "web-43", tracks: [track], open: { title: "Town hall", roster } };
  const toOpen = { parameters: { session_id: openedSession }, body: opening };
  await recorder.call("mintToken", ["opening", "For a microphone, and the session is opened with it"], toOpen);
  const parameters = { session_id };
  await recorder.ask("deleteSession", { parameters });
  await recorder.settled("deleteSession", parameters, ({ status }: { status: string }) => status === "deleted");
  await recorder.call("deleteSession", ["receipt", "All of it is deleted"], { parameters });
}
