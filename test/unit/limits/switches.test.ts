/** Switches as a Worker sees them, on a clock and a database of the test's own. */
import { expect, test } from "vitest";
import { Switches } from "../../../server/shared/switches/switches.ts";
import { runSwitch } from "../../../scripts/switches/switch-command.ts";
import type { KeysDatabase } from "../../../scripts/keys/keys-sql.ts";

function opened() {
  const state = { now: 0, reads: 0, names: ["chat", "of_a_later_version"] as string[], fails: false };
  const switches = new Switches({
    now: () => state.now,
    read: () => {
      state.reads += 1;
      return state.fails ? Promise.reject(new Error("D1 is down")) : Promise.resolve(state.names);
    },
  });
  return { state, switches };
}

test("[X10] a change is heard of within 30 s, and until then the database is not asked again", async () => {
  const { state, switches } = opened();
  expect(await switches.isOff("chat")).toBe(true);
  expect(await switches.isOff("ingest")).toBe(false);
  state.names = ["ingest"];
  state.now = 14_999;
  expect(await switches.isOff("chat")).toBe(true);
  expect(state.reads).toBe(1);
  state.now = 15_000;
  expect(await switches.isOff("chat")).toBe(false);
  expect(await switches.isOff("ingest")).toBe(true);
  expect(state.reads).toBe(2);
});

test("[X10] a clock that is set back by an hour keeps no switch from being heard of", async () => {
  const { state, switches } = opened();
  state.now = 3_600_000;
  expect(await switches.isOff("ingest")).toBe(false);
  state.names = ["ingest"];
  state.now = 0;
  expect(await switches.isOff("ingest")).toBe(true);
});

test("[X10] a database that is down changes nothing: the last answer holds, and before the first one all is on", async () => {
  const { state, switches } = opened();
  state.fails = true;
  expect(await switches.isOff("chat")).toBe(false);
  state.fails = false;
  state.now = 5_000;
  expect(await switches.isOff("chat")).toBe(true);
  state.fails = true;
  state.names = [];
  for (const now of [20_000, 60_000, 3_600_000]) {
    state.now = now;
    expect(await switches.isOff("chat")).toBe(true);
  }
  // Not with each request: one in five seconds.
  const { reads } = state;
  for (let i = 0; i < 100; i += 1) await switches.isOff("chat");
  expect(state.reads).toBe(reads);
  state.fails = false;
  state.now += 5_000;
  expect(await switches.isOff("chat")).toBe(false);
});

test("[X10] work that may not wait takes the last answer, and begins the next", async () => {
  const { state, switches } = opened();
  const begun: Promise<void>[] = [];
  const later = (work: Promise<void>) => void begun.push(work);
  expect(switches.isOffNow("chat", later)).toBe(false);
  await Promise.all(begun);
  expect(switches.isOffNow("chat", later)).toBe(true);
  expect([begun.length, state.reads]).toEqual([1, 1]);
});

test("the command: off, off again, listed, on", async () => {
  const rows = new Map<unknown, unknown>();
  const database: KeysDatabase = {
    run: (statements) =>
      Promise.resolve(
        statements.map(({ sql, values: [name, since] }) => {
          if (sql.startsWith("INSERT") && !rows.has(name)) rows.set(name, since);
          if (sql.startsWith("DELETE")) rows.delete(name);
          return sql.startsWith("SELECT") ? [...rows].map(([one, at]) => ({ name: one, off_since: at })) : [];
        }),
      ),
    close: () => Promise.resolve(),
  };
  const shared = { remote: false, env: "production", stateDir: "x", area: "chat" } as const;
  const since = "chat is off since 1970-01-01T00:00:01.000Z.";
  expect(await runSwitch(database, { command: "off", ...shared }, 1_000)).toEqual([since]);
  expect(await runSwitch(database, { command: "off", ...shared }, 2_000)).toEqual([since]);
  expect(await runSwitch(database, { command: "list", ...shared }, 3_000)).toEqual([since]);
  expect(await runSwitch(database, { command: "on", ...shared }, 4_000)).toEqual(["Everything is on."]);
});
