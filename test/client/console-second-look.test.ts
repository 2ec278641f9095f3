/** The console's "Look again at who speaks": when there can be one, how far it is, what it came to, and its end. The clock is a test's. */
import { signal } from "@preact/signals";
import { afterAll, afterEach, beforeEach, expect, test, vi } from "vitest";
import type { ReviewStatus, RoomEvent, SessionState } from "../../client/index.ts";
import type { EventBody } from "../../schemas/speech/events.ts";

// What a page has, and the modules ask for as they are loaded.
vi.stubGlobal("location", new URL("http://console.test/"));
vi.stubGlobal("document", Object.assign(new EventTarget(), { hidden: false }));
vi.stubGlobal("addEventListener", () => undefined);
const { gateway, gatewayAtOnce } = await import("../../client/console/api/gateway.ts");
const { notices } = await import("../../client/console/state/notices.ts");
const { SecondLook } = await import("../../client/console/state/second-look.ts");

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(gatewayAtOnce, "health").mockResolvedValue(healthWith("service"));
  notices.value = [];
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});
afterAll(() => vi.unstubAllGlobals());

const at = "2026-01-01T00:00:00.000Z";
const everyMs = 2_000;

type Health = Awaited<ReturnType<typeof gatewayAtOnce.health>>;
const healthWith = (review: Health["review"]): Health => ({
  status: "ok",
  app: "roomtone",
  version: "1",
  build: "1",
  durable_object: "ROOM",
  r2_bucket: "AUDIO",
  inference: "embedded",
  review,
});

const track = { track: "mic", from_seq: 1, to_seq: 4 } as const;
const turn = (cluster_id: string, start_ms: number, end_ms: number, more: Partial<EventBody> = {}) =>
  ({ type: "speaker.resolved", ...track, by: "inference", cluster_id, start_ms, end_ms, ...more }) as const;
const logOf = (...bodies: readonly EventBody[]): RoomEvent[] =>
  bodies.map((body, n) => ({ ...body, event_id: n + 1, at }));
const heardFirst = [turn("c1", 0, 4_000)];
const heardAgain = [
  turn("c1", 0, 2_000, { replaces: 1 }),
  turn("r2", 2_000, 4_000),
  { type: "resolve.reviewed", ...track, replaces: 1, by: "inference" },
] as const;

const undone = (undoes: number): EventBody => ({ type: "speaker.undone", undoes, by: "person" });

/** A meeting that the page looks at: what the gateway knows comes to it when it looks, and not before. */
function meetingOf(...log: readonly EventBody[]) {
  const room = { reviews: [] as readonly Partial<ReviewStatus>[], log: logOf(...log), isReachable: true };
  const state = signal<SessionState | undefined>(undefined);
  const events = signal<readonly RoomEvent[]>(room.log);
  const looks = vi.fn<() => Promise<void>>(async () => {
    const reviews = room.reviews.map((review) => ({ track: "mic", asked_at: at, ...review }));
    state.value = { reviews } as unknown as SessionState;
  });
  const catchUp = vi.fn<() => Promise<void>>(async () => {
    if (!room.isReachable) throw new Error("the gateway is away");
    events.value = room.log;
  });
  return { room, looks, catchUp, meeting: { sessionId: "monday", state, events, look: looks, catchUp } };
}

/** @param undo told of what is taken back. */
function lookAt(
  meeting: ReturnType<typeof meetingOf>["meeting"],
  undo = vi.fn<(eventIds: readonly number[]) => Promise<boolean>>(async () => true),
) {
  const look = new SecondLook(meeting, { undo });
  return { look, undo, leave: look.open() };
}

test.each([
  ["service", true],
  ["absent", false],
  [undefined, undefined],
] as const)("[R16] whether there can be one is the gateway's word: %s, so %s", async (review, hasService) => {
  vi.spyOn(gatewayAtOnce, "health").mockResolvedValue(healthWith(review));
  const { look, leave } = lookAt(meetingOf().meeting);
  await vi.advanceTimersByTimeAsync(0);
  expect(look.hasService.value).toBe(hasService);
  leave();
});

test("[R16] a gateway that is away says nothing of it, and the button stays", async () => {
  vi.spyOn(gatewayAtOnce, "health").mockRejectedValue(new Error("away"));
  const { look, leave } = lookAt(meetingOf().meeting);
  await vi.advanceTimersByTimeAsync(0);
  expect(look.hasService.value).toBeUndefined();
  expect(notices.value).toEqual([]);
  leave();
});

test("[R17] asked for, it is watched until it is done, tells what it changed, and leaves the gateway alone from then on", async () => {
  const { room, looks, catchUp, meeting } = meetingOf(...heardFirst);
  vi.spyOn(gateway, "reviewSpeakers").mockResolvedValue(["mic"]);
  const { look, leave } = lookAt(meeting);
  await vi.advanceTimersByTimeAsync(everyMs * 3);
  expect(looks, "nobody asked yet").not.toHaveBeenCalled();

  room.reviews = [{ status: "waiting" }];
  const asked = look.ask();
  expect(look.isAsking.value).toBe(true);
  await asked;
  expect(look.isAsking.value).toBe(false);
  expect(look.waiting.value).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(everyMs * 2);
  expect(catchUp).not.toHaveBeenCalled();

  room.reviews = [{ status: "done" }];
  room.log = logOf(...heardFirst, ...heardAgain);
  room.isReachable = false;
  await vi.advanceTimersByTimeAsync(everyMs);
  expect(look.waiting.value).toEqual([]);
  expect(look.looked.value, "what it said did not come").toBeUndefined();
  room.isReachable = true;
  await vi.advanceTimersByTimeAsync(everyMs);
  expect(look.looked.value).toEqual({
    eventIds: [4],
    change: { speakers_before: 1, speakers_after: 2, turns_changed: 1 },
  });

  looks.mockClear();
  await vi.advanceTimersByTimeAsync(everyMs * 10);
  expect(looks).not.toHaveBeenCalled();
  leave();
});

test("[R17] one that others asked for is watched as well, and a view that is left watches nothing", async () => {
  const { room, looks, meeting } = meetingOf(...heardFirst);
  room.reviews = [{ status: "waiting", detail: "the service answered 503" }];
  await meeting.look();
  const { look, leave } = lookAt(meeting);
  expect(look.waiting.value).toMatchObject([{ track: "mic", detail: "the service answered 503" }]);
  looks.mockClear();
  await vi.advanceTimersByTimeAsync(everyMs * 2);
  expect(looks.mock.calls.length).toBeGreaterThanOrEqual(2);
  room.reviews = [{ status: "failed", detail: "nobody answered for an hour" }];
  await vi.advanceTimersByTimeAsync(everyMs);
  expect(look.failed.value).toMatchObject([{ detail: "nobody answered for an hour" }]);
  expect(look.looked.value).toBeUndefined();
  room.reviews = [{ status: "waiting" }];
  await meeting.look();
  leave();
  looks.mockClear();
  await vi.advanceTimersByTimeAsync(everyMs * 10);
  expect(looks).not.toHaveBeenCalled();
});

test("[R16] one that is refused is told with its reason, and can be asked for again", async () => {
  vi.spyOn(gateway, "reviewSpeakers").mockRejectedValue(new Error("No service is set up for that."));
  const { look, leave } = lookAt(meetingOf(...heardFirst).meeting);
  await look.ask();
  expect(notices.value).toMatchObject([
    { kind: "problem", text: "Nobody looks again. No service is set up for that." },
  ]);
  expect(look.isAsking.value).toBe(false);
  leave();
});

test("[R20] it is taken back as a whole, of each track the latest, and holds again where that is undone", async () => {
  const other = { track: "tab" } as const;
  const ofBoth = [
    ...heardFirst,
    ...heardAgain,
    { ...turn("t1", 0, 4_000), ...other },
    { ...turn("t1", 0, 4_000, { replaces: 5 }), ...other },
    { ...heardAgain[2], ...other, replaces: 5 },
  ];
  const { room, meeting, catchUp } = meetingOf(...ofBoth);
  const undo = vi.fn<(eventIds: readonly number[]) => Promise<boolean>>(async (eventIds) => {
    room.log = logOf(...ofBoth, ...eventIds.toReversed().map(undone));
    await catchUp();
    return true;
  });
  const { look, leave } = lookAt(meeting, undo);
  expect(look.looked.value?.eventIds).toEqual([4, 7]);
  expect(await look.takeBack(look.looked.value?.eventIds ?? [])).toBe(true);
  expect(undo).toHaveBeenCalledWith([4, 7]);
  expect(look.looked.value).toBeUndefined();
  room.log = [...room.log, ...[8, 9].map((id, n) => ({ ...undone(id), event_id: 10 + n, at }))];
  await catchUp();
  expect(look.looked.value).toMatchObject({ eventIds: [4, 7], change: { turns_changed: 1 } });
  leave();
});
