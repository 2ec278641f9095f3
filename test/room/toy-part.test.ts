/** The part of `docs/architecture.md`, "Adding a part": its text is that of the page, and it works. */
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import page from "../../docs/architecture.md?raw";
import { type Core, openCore } from "../../server/gateway/core/core.ts";
import { type Part, startParts } from "../../server/gateway/core/part.ts";
import { durableDatabase } from "../../server/shared/lib/durable-database.ts";
import { bindings } from "./support/bindings.ts";
import { newSession, RoomUnderTest } from "./support/room.ts";
import { toyPart } from "./support/toy-part.ts";
// oxlint-disable-next-line import/default -- Vite gives a file that is imported with `?raw` as text
import toy from "./support/toy-part.ts?raw";

function fails(): void {
  throw new Error("a bug");
}

/** Opens a core over a room's storage, and the session. */
function withCore(step: (core: Core, clock: { now: number }) => Promise<void>): Promise<void> {
  const sessionId = newSession();
  return new RoomUnderTest(sessionId).inside(async (storage) => {
    const clock = { now: 1_000 };
    const core = openCore(
      {
        session: { tenant: "default", sessionId },
        db: durableDatabase(storage, () => clock.now),
        bucket: bindings.RESULT_BUCKET,
        sha256: (bytes) => createHash("sha256").update(bytes).digest(),
        synced: () => storage.sync(),
        setAlarm: () => undefined,
        fail: (cause) => {
          throw cause;
        },
      },
      { auto: false, window_chunks: 4 },
    );
    core.store.open();
    await step(core, clock);
  });
}

test("[K3] the toy part of the documentation counts, and its job runs at its time", async () => {
  const body = toy.slice(toy.indexOf("/** Says"));
  expect(page).toContain(body);
  await withCore(async (core, clock) => {
    const said: number[] = [];
    startParts(core, [toyPart(core, (seconds) => said.push(seconds))]);
    core.signals.chunkStored("mic");
    core.signals.chunkStored("mic");
    await core.jobs.runDue();
    expect(said).toEqual([]);
    clock.now += 60_000;
    await core.jobs.runDue();
    expect(said).toEqual([2]);
  });
});

test("signals reach the parts in the order of the list, and no part works before all are wired", () =>
  withCore(async (core) => {
    const heard: string[] = [];
    const part = (name: string): Part => ({
      name,
      jobs: { [name]: () => Promise.resolve() },
      woke: () => {
        heard.push(`${name} woke`);
        core.jobs.at("second", core.now());
      },
      on: {
        eventAppended: ({ type }) => heard.push(`${name} ${type}`),
        statusChanged: () => heard.push(`${name} status`),
        settingsChanged: () => heard.push(`${name} settings`),
      },
    });
    const parts = [part("first"), part("second")];
    expect(heard).toEqual([]);
    startParts(core, parts);
    core.events.append({ type: "session.finalizing", by: "room" });
    core.signals.statusChanged();
    core.signals.settingsChanged();
    expect(heard).toEqual([
      "first woke",
      "second woke",
      "first session.finalizing",
      "second session.finalizing",
      "first status",
      "second status",
      "first settings",
      "second settings",
    ]);
    expect(() => startParts(core, [part("first"), part("first")])).toThrow('two parts have a job "first"');
  }));

test("[S2] an event that a part refuses is undone", () =>
  withCore(async (core) => {
    startParts(core, [{ name: "refuses", on: { eventAppended: fails } }]);
    expect(() => core.events.append({ type: "session.finalizing", by: "room" })).toThrow("a bug");
    expect(core.events.count).toBe(0);
  }));

test("[K7] a part that throws at a stored chunk keeps no other from hearing of it", () =>
  withCore(async (core) => {
    const heard: string[] = [];
    startParts(core, [
      { name: "throws", on: { chunkStored: fails } },
      { name: "hears", on: { chunkStored: (track) => heard.push(track) } },
    ]);
    core.signals.chunkStored("mic");
    expect(heard).toEqual(["mic"]);
  }));
