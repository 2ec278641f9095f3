/** A tenant's index of what was said: what it knows of meetings, whatever order news come in, and what a deletion leaves. */
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import type { ChatAnswer } from "../../schemas/http/chat.ts";
import { giveWay } from "../../server/shared/lib/wait.ts";
import { IndexStore, type LineRow } from "../../server/app/search/index-store.ts";
import { bindings } from "./support/bindings.ts";
import { clock } from "./support/clock.ts";
import { evict } from "./support/evict.ts";
import { anywhere, IndexedTenant } from "./support/indexed-tenant.ts";
import type { RoomUnderTest } from "./support/room.ts";
import { eventually } from "./support/waiting.ts";

function count({ sql }: IndexStore): number {
  return sql.exec<{ n: number }>("SELECT count(*) AS n FROM lines").one().n;
}

describe("what is found", () => {
  it("[J1] what was said in a meeting, as it stands now, with who said it", async () => {
    const own = await IndexedTenant.new();
    const room = await own.meeting([
      { utterance_id: "u1", text: "The launch is on the ninth of March.", speaker: "Ann" },
      { utterance_id: "u2", text: "And the budget is forty thousand euros.", speaker: "Bob" },
    ]);
    await own.index.refresh([room.sessionId]);
    const [best] = await own.index.find("When is the launch?", anywhere, 1);
    expect(best?.line).toMatchObject({ text: "The launch is on the ninth of March.", speaker: "Ann", track: "mixed" });
    await own.say(room, [{ utterance_id: "u1", text: "The launch is on the tenth of April.", speaker: "Ann" }]);
    await own.tell(room, 1, "utterances.changed");
    await own.index.refresh([room.sessionId]);
    expect((await own.find("launch March"))[0]).toBe("The launch is on the tenth of April.");
    expect(await own.rowsWith("ninth")).toBe(0);
  });

  it("[J1] the same news twice, and news of an app that forgot all, leave the same index", async () => {
    const own = await IndexedTenant.new();
    const room = await own.meeting([{ text: "The parrot speaks Latin." }]);
    for (const id of [1, 1, 2, 2]) await own.tell(room, id, "utterances.changed");
    await own.index.refresh([room.sessionId]);
    await own.index.rebuild([room.sessionId]);
    await own.index.refresh([room.sessionId]);
    expect(await own.find("parrot")).toEqual(["The parrot speaks Latin."]);
  });

  it("[J1] a deleted meeting leaves no word, and late news bring none back", async () => {
    const own = await IndexedTenant.new();
    const room = await own.meeting([{ text: "The password is xylophone.", speaker: "Xanthippe" }]);
    const other = await own.meeting([{ text: "The piano is out of tune." }]);
    await own.index.refresh([room.sessionId, other.sessionId]);
    expect(await own.rowsWith("xylophon")).toBeGreaterThan(0);
    await own.tell(room, 5, "session.deleted");
    // The room itself is still there: a reading that was under way would give all of it.
    await own.tell(room, 4, "utterances.changed");
    const missing = [{ session_id: room.sessionId, reason: "session_deleted" }];
    expect(await own.index.refresh([room.sessionId, other.sessionId])).toEqual(missing);
    await own.index.rebuild([room.sessionId]);
    await runInDurableObject(own.index, (index) => index.alarm());
    expect(await own.rowsWith("xylophon")).toBe(0);
    expect(await own.rowsWith("xanthippe")).toBe(0);
    expect(await own.find("password xylophone")).toEqual([]);
    expect(await own.find("piano")).toHaveLength(1);
  });

  const lines = Array.from({ length: 1_000 }, (_, n) => ({
    track: "mic",
    utterance_id: `u${n}`,
    start_ms: n,
    end_ms: n + 1,
    text: `Tapir ${n}.`,
    speaker: null,
  }));
  const long = { title: "Zoo", opened_at: 1, lines, talk: [], is_cut: false };

  it("[J1] a long meeting is taken, and dropped, while others have their turns, and is read once the last line is there", async () => {
    const own = await IndexedTenant.new();
    const seen = await runInDurableObject(own.index, async (_, { storage }) => {
      const store = new IndexStore(storage);
      const counts: [number, number | null | undefined][] = [];
      let isOver = false;
      const look = (): void => {
        counts.push([count(store), store.meeting("s")?.opened_at]);
        if (!isOver) setTimeout(look, 0);
      };
      look();
      await store.take("s", long, 0, () => 0);
      const taken = counts.splice(0);
      await store.deleted("s");
      isOver = true;
      return { taken, dropped: counts.map(([left]) => left) };
    });
    const partly = seen.taken.filter(([n]) => n > 0 && n < lines.length);
    expect(new Set(partly.map(([n]) => n)).size).toBeGreaterThan(3);
    expect(partly.filter(([, openedAt]) => openedAt != null)).toEqual([]);
    expect(new Set(seen.dropped.filter((n) => n > 0 && n < lines.length)).size).toBeGreaterThan(3);
    expect(await own.rowsWith("tapir")).toBe(0);
  });

  it("[J1] a meeting that is deleted while its lines are taken leaves none, and none is found meanwhile", async () => {
    const own = await IndexedTenant.new();
    const found = await runInDurableObject(own.index, async (index, { storage }) => {
      const store = new IndexStore(storage);
      const taking = store.take("s", long, 0, () => 0);
      while (count(store) < 300) await giveWay();
      const dropping = index.forget("s");
      const place = { session_id: "s", track: "mic", start_ms: 0, end_ms: 1 };
      const inTheMiddle = [count(store) > 0, index.find("tapir", anywhere, 9).length, index.has(place)];
      await Promise.all([taking, dropping]);
      return { inTheMiddle, left: count(store) };
    });
    expect(found).toEqual({ inTheMiddle: [true, 0, false], left: 0 });
    expect(await own.rowsWith("tapir")).toBe(0);
  });

  it("[J1] a meeting that got shorter, and whose lines moved, is as it was read last", async () => {
    const own = await IndexedTenant.new();
    const left = await runInDurableObject(own.index, async (_, { storage }) => {
      const store = new IndexStore(storage);
      await store.take("s", long, 0, () => 0);
      const kept = lines.filter((_line, n) => n % 3 === 0).toReversed();
      const revised = kept.map((line, n) => (n % 5 === 0 ? { ...line, text: `Lama ${n}.` } : line));
      await store.take("s", { ...long, lines: revised }, 1, () => 0);
      const rows = store.sql.exec<LineRow>("SELECT * FROM lines ORDER BY place").toArray();
      const words = store.sql.exec<{ n: number }>("SELECT count(*) AS n FROM words").one().n;
      return { texts: rows.map(({ text }) => text), words, wanted: revised.map(({ text }) => text) };
    });
    expect(left.texts).toEqual(left.wanted);
    expect(left.words).toBe(left.wanted.length);
  });

  it("[J1] a meeting that is read again costs a few rows for each line, however long it is", async () => {
    const own = await IndexedTenant.new();
    const rowsRead = await runInDurableObject(own.index, async (_, { storage }) => {
      const cursors: SqlStorageCursor<Record<string, SqlStorageValue>>[] = [];
      const exec: SqlStorage["exec"] = (...asked) => {
        const cursor = storage.sql.exec(...asked);
        cursors.push(cursor);
        return cursor as never;
      };
      const sql = { exec } as SqlStorage;
      const store = new IndexStore({ sql, transactionSync: (step) => storage.transactionSync(step) });
      await store.take("s", long, 0, () => 0);
      cursors.splice(0);
      await store.take("s", long, 1, () => 0);
      return cursors.reduce((sum, cursor) => sum + cursor.rowsRead, 0);
    });
    expect(rowsRead / lines.length).toBeLessThan(10);
  });

  it("[J1] meetings are read one after the other, however many a question names", async () => {
    const own = await IndexedTenant.new();
    const ids = await Promise.all(
      [1, 2, 3, 4].map(async (n) => (await own.meeting([{ text: `Word ${n}.` }])).sessionId),
    );
    const most = await runInDurableObject(own.index, async (index) => {
      const inside = index as unknown as { env: { GATEWAY: { text(session: object): Promise<unknown> } } };
      const { GATEWAY } = inside.env;
      let [now, highest] = [0, 0];
      const text = async (session: object): Promise<unknown> => {
        highest = Math.max(highest, (now += 1));
        return GATEWAY.text(session).finally(() => (now -= 1));
      };
      inside.env = { ...inside.env, GATEWAY: { text } };
      await index.refresh(ids);
      return highest;
    });
    expect(most).toBe(1);
    expect(await own.find("word")).toHaveLength(4);
  });

  it("[J1] a meeting that was never opened is none", async () => {
    const own = await IndexedTenant.new();
    const missing = [{ session_id: "never-opened", reason: "session_not_found" }];
    expect(await own.index.refresh(["never-opened"])).toEqual(missing);
  });
});

it("[J1] an index that was lost is built again from the gateway's own, with the same answers, and no deleted meeting's", async () => {
  const own = await IndexedTenant.new();
  const said = [
    "The launch is on the ninth of March.",
    "The budget is forty thousand euros.",
    "The password is xylophone.",
  ];
  const rooms: RoomUnderTest[] = [];
  for (const text of said)
    rooms.push(
      await own.meeting([
        { text, speaker: "Ann" },
        { text: "And so on.", speaker: "Bob" },
      ]),
    );
  const ids = rooms.map(({ sessionId }) => sessionId);
  await own.index.refresh(ids);
  const deleted = ids[2] ?? "";
  expect((await own.tenant.send("DELETE", `/v1/sessions/${deleted}`)).status).toBe(200);
  await own.index.forget(deleted);
  const ask = async () =>
    Promise.all(
      ["When is the launch?", "How much is the budget?", "What is the password?", "Summarize the meeting."].map(
        async (message) => {
          const answer = await own.tenant.send("POST", "/v1/chat", { message });
          const { answer: text, citations, found } = await answer.json<ChatAnswer>();
          return { text, citations, found };
        },
      ),
    );
  const before = await ask();
  expect(before.map(({ found }) => found)).toEqual([true, true, false, true]);
  await runInDurableObject(own.index, (_, { storage }) => storage.deleteAll());
  await evict(own.index);
  expect((await ask()).map(({ found }) => found)).toEqual([false, false, false, false]);
  await bindings.APP?.readMeetingsAgain?.(own.tenant.name, [...ids, "never-opened"]);
  await runDurableObjectAlarm(own.index);
  // The platform may have begun it already.
  await eventually("all is read", async () => (await own.index.facts(anywhere, 10)).length === 2);
  expect(await ask()).toEqual(before);
  expect(await own.rowsWith("xylophon")).toBe(0);
});

describe("what an asker may see", () => {
  it("[J2] meetings, tracks, speakers and days that are not asked for are not looked at", async () => {
    const own = await IndexedTenant.new();
    const rooms = [
      await own.meeting([
        { text: "The secret ingredient is saffron.", speaker: "Ann", track: "mic" },
        { text: "The secret ingredient is thyme.", speaker: "Bob", track: "room" },
      ]),
      await own.meeting([{ text: "The secret ingredient is salt." }]),
    ];
    const ids = rooms.map(({ sessionId }) => sessionId);
    await own.index.refresh(ids);
    const find = async (within: object): Promise<string[]> =>
      (await own.find("secret ingredient", within)).map((text) => /\w+(?=\.$)/.exec(text)?.[0] ?? "").sort();
    expect(await find({})).toEqual(["saffron", "salt", "thyme"]);
    expect(await find({ sessions: ids.slice(1) })).toEqual(["salt"]);
    expect(await find({ sessions: [] })).toEqual([]);
    expect(await find({ sessions: ids.slice(0, 1), tracks: ["mic"] })).toEqual(["saffron"]);
    expect(await find({ speakers: ["bob"] })).toEqual(["thyme"]);
    expect(await find({ from: clock.now() + 86_400_000 })).toEqual([]);
    expect(await find({ to: clock.now() + 86_400_000 })).toHaveLength(3);
  });

  it("[J2] another tenant's index has nothing of it, and its words don't move a score", async () => {
    const [own, other] = [await IndexedTenant.new(), await IndexedTenant.new()];
    const room = await own.meeting([{ text: "Elephants never forget." }, { text: "Mice do." }]);
    await own.index.refresh([room.sessionId]);
    expect(await other.find("elephants")).toEqual([]);
    const score = async () =>
      (await own.index.find("elephants and llamas", { ...anywhere, sessions: [room.sessionId] }, 1))[0]?.score;
    const before = await score();
    const more = await own.meeting([{ text: "Llamas, llamas, llamas." }]);
    await own.index.refresh([more.sessionId]);
    expect(await score()).toBe(before);
  });

  it("[J2] a question that is a query of FTS5 is words", async () => {
    const own = await IndexedTenant.new();
    const room = await own.meeting([{ text: "Nothing near this." }]);
    await own.index.refresh([room.sessionId]);
    for (const question of [
      '" OR stems : *',
      "NEAR(a b, 2)",
      "stems:nothing*",
      "^",
      "'; DROP TABLE lines; --",
      "\u0000",
    ]) {
      await own.find(question);
    }
    expect(await own.find("nothing near")).toEqual(["Nothing near this."]);
  });
});
