/** The console's "Transcribe": what it shows where it can't be told any more how far a transcription is. */
import { afterAll, afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Transcription } from "../../client/index.ts";
import type { Meeting } from "../../client/console/state/meeting.ts";

// What a page has, and the modules ask for as they are loaded.
vi.stubGlobal("location", new URL("http://console.test/"));
vi.stubGlobal("document", Object.assign(new EventTarget(), { hidden: false }));
vi.stubGlobal("addEventListener", () => undefined);
const { gateway } = await import("../../client/console/api/gateway.ts");
const { notices } = await import("../../client/console/state/notices.ts");
const { Rewriting } = await import("../../client/console/state/rewriting.ts");

beforeEach(() => {
  vi.useFakeTimers();
  notices.value = [];
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});
afterAll(() => vi.unstubAllGlobals());

const running: Transcription = {
  transcription_id: "6f8e3f9a-4c1f-4f0e-9a49-0f5d2a1f6f10",
  status: "running",
  model: "embedded/moonshine-base",
  tracks: [{ track: "mic", transcribed_ms: 5_000, duration_ms: 10_000 }],
  utterances: 2,
  started_at: "2026-01-01T00:00:00.000Z",
  ended_at: null,
  error: null,
};
const meeting = { sessionId: "m", catchUp: async () => undefined } as unknown as Meeting;
const told = (): string[] => notices.value.map(({ text }) => text);

test("a transcription that can't be watched any more is not shown as one that goes on, and can be asked for again", async () => {
  const asked = vi.spyOn(gateway, "transcribe").mockImplementation(async (_session, { onProgress } = {}) => {
    onProgress?.(running);
    throw new Error("The line is cut.");
  });
  const rewriting = new Rewriting(meeting);
  await rewriting.begin(undefined);
  expect([rewriting.isRunning.value, rewriting.isBusy.value]).toEqual([false, false]);
  expect(told()).toEqual(["How far it is can’t be told any more. The line is cut."]);

  asked.mockResolvedValue({ ...running, status: "done", ended_at: running.started_at });
  await rewriting.begin(undefined);
  expect(told().at(-1)).toBe("Written down: 2 lines.");
});

test("one that was never begun is told as such", async () => {
  vi.spyOn(gateway, "transcribe").mockRejectedValue(new Error("No model is set."));
  const rewriting = new Rewriting(meeting);
  await rewriting.begin("no/model");
  expect(rewriting.isRunning.value).toBe(false);
  expect(told()).toEqual(["It was not written down. No model is set."]);
});
