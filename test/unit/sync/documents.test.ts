/** Documents of one user: revisions, conflicts, what comes twice, deletions, pages, devices, the lock. */
import { describe, expect, it } from "vitest";
import { limits } from "../../../schemas/limits.ts";
import { newWorld, synced } from "./world.ts";

const text = (body: string) => ({ title: "Notes", media_type: "text/plain", body }) as const;

describe("[SY1] what a device pushes and pulls", () => {
  it("comes to the others as it is, once, and not back to who brought it", () => {
    const sync = newWorld().wake();
    const first = synced(sync, "knowledge", { changes: [{ id: "a", ...text("one") }] });
    expect(first.applied).toEqual([{ id: "a", outcome: "applied", revision: 1 }]);
    expect(first.changes).toEqual([]);
    const other = synced(sync, "knowledge", { device_id: "phone", since: 0 });
    expect(other.changes).toMatchObject([{ id: "a", revision: 1, body: "one", deleted: false, device_id: "laptop" }]);
    expect(synced(sync, "knowledge", { device_id: "phone", since: other.revision }).changes).toEqual([]);
  });

  it("a document that stands like that already is no change, and another collection's of the same id is another one", () => {
    const sync = newWorld().wake();
    synced(sync, "knowledge", { changes: [{ id: "a", ...text("one") }] });
    const again = synced(sync, "knowledge", { device_id: "phone", changes: [{ id: "a", ...text("one") }] });
    expect(again.applied).toEqual([{ id: "a", outcome: "unchanged", revision: 1 }]);
    const settings = synced(sync, "settings", { changes: [{ id: "a", body: { theme: "dark" } }] });
    expect(settings.applied).toMatchObject([{ outcome: "applied" }]);
    expect(synced(sync, "settings", { device_id: "phone", since: 0 }).changes).toHaveLength(1);
  });

  it("[limit:maxSyncRowsPerPage] [limit:maxSyncPageChars] comes in pages of rows and of content, each document once", () => {
    const sync = newWorld().wake();
    const changes = Array.from({ length: 60 }, (_, n) => ({ id: `d${n}`, ...text("x".repeat(60_000)) }));
    synced(sync, "knowledge", { changes });
    const seen: string[] = [];
    for (let [since, scan, more] = [0, undefined as number | undefined, true]; more;) {
      const page = synced(sync, "knowledge", { device_id: "phone", since, ...(scan === undefined ? {} : { scan }) });
      expect(JSON.stringify(page.changes).length).toBeLessThan(limits.maxSyncPageChars + 70_000);
      seen.push(...page.changes.map(({ id }) => id));
      [since, scan, more] = [page.revision, page.scan ?? undefined, page.has_more];
    }
    expect(seen).toEqual(changes.map(({ id }) => id));
    expect(synced(sync, "knowledge", { device_id: "tv", since: 0, limit: 5 }).changes).toHaveLength(5);
    expect(limits.maxSyncRowsPerPage).toBe(500);
  });
});

const both = () => {
  const world = newWorld();
  const sync = world.wake();
  synced(sync, "knowledge", { changes: [{ id: "a", ...text("base") }] });
  synced(sync, "knowledge", { changes: [{ id: "a", revision: 1, ...text("laptop's") }] });
  const told = synced(sync, "knowledge", {
    device_id: "phone",
    since: 1,
    changes: [{ id: "a", revision: 1, ...text("phone's") }],
  });
  return { world, sync, told };
};

describe("[SY2] two devices that change one document without knowing of each other", () => {
  it("what came first stands; what came second is kept, told with both, and once", () => {
    const { sync, told } = both();
    expect(told.applied).toMatchObject([{ id: "a", outcome: "conflict", revision: 2 }]);
    expect(told.conflicts).toMatchObject([
      { id: "a", resolved: false, yours: { body: "phone's", revision: 1 }, theirs: { body: "laptop's", revision: 2 } },
    ]);
    expect(synced(sync, "knowledge", { device_id: "phone", since: told.revision }).conflicts).toEqual([]);
    const laptop = synced(sync, "knowledge", { since: 2 });
    expect(laptop.conflicts).toHaveLength(1);
    expect(laptop.changes).toEqual([]);
  });

  it("whoever chooses settles it for all, by what they push or by leaving what stands", () => {
    const { sync, told } = both();
    const [conflict] = told.conflicts;
    const resolves = [conflict?.conflict_id ?? ""];
    const chosen = synced(sync, "knowledge", { changes: [{ id: "a", revision: 2, resolves, ...text("merged") }] });
    expect(chosen.applied).toMatchObject([{ outcome: "applied" }]);
    const phone = synced(sync, "knowledge", { device_id: "phone", since: told.revision });
    expect(phone.changes).toMatchObject([{ body: "merged" }]);
    expect(phone.conflicts).toMatchObject([{ conflict_id: resolves[0], resolved: true, yours: null }]);
    expect(sync.status().collections.knowledge.open_conflicts).toBe(0);
    const left = both();
    const change = { id: "a", resolves: [left.told.conflicts[0]?.conflict_id ?? ""] };
    synced(left.sync, "knowledge", { changes: [change] });
    expect(left.sync.status().collections.knowledge.open_conflicts).toBe(0);
  });

  it("a deletion and an edit are a conflict in either order; two deletions are none", () => {
    const sync = newWorld().wake();
    synced(sync, "knowledge", {
      changes: [
        { id: "a", ...text("a") },
        { id: "b", ...text("b") },
        { id: "c", ...text("c") },
      ],
    });
    synced(sync, "knowledge", {
      changes: [
        { id: "a", revision: 1, deleted: true },
        { id: "b", revision: 2, ...text("b2") },
        { id: "c", revision: 3, deleted: true },
      ],
    });
    const phone = synced(sync, "knowledge", {
      device_id: "phone",
      changes: [
        { id: "a", revision: 1, ...text("a2") },
        { id: "b", revision: 2, deleted: true },
        { id: "c", revision: 3, deleted: true },
      ],
    });
    expect(phone.applied.map(({ outcome }) => outcome)).toEqual(["conflict", "conflict", "unchanged"]);
    expect(phone.conflicts).toMatchObject([
      { id: "a", yours: { body: "a2" }, theirs: { deleted: true } },
      { id: "b", yours: { deleted: true }, theirs: { body: "b2" } },
    ]);
  });

  it("[limit:maxSyncConflicts] as many as may be are kept; beyond that the device keeps its own", () => {
    const sync = newWorld().wake();
    synced(sync, "knowledge", { changes: [{ id: "a", ...text("base") }] });
    synced(sync, "knowledge", { changes: [{ id: "a", revision: 1, ...text("new") }] });
    const outcomes = Array.from({ length: limits.maxSyncConflicts + 1 }, (_, n) => {
      const changes = [{ id: "a", revision: 1, ...text(`mine ${n}`) }];
      return synced(sync, "knowledge", { device_id: `d${n % 50}`, since: 2 + n, changes }).applied[0];
    });
    expect(outcomes.at(-2)).toMatchObject({ outcome: "conflict" });
    expect(outcomes.at(-1)).toEqual({ id: "a", outcome: "refused", revision: 2, reason: "too_many_conflicts" });
  });
});

describe("[SY3] a push that comes again", () => {
  it("is the same push, whatever was pushed since, and another one under its id is refused", () => {
    const world = newWorld();
    const push = { push_id: "p1", changes: [{ id: "a", ...text("one") }] };
    const first = synced(world.wake(), "knowledge", push);
    synced(world.wake(), "knowledge", { device_id: "phone", changes: [{ id: "a", revision: 1, ...text("two") }] });
    const again = synced(world.wake(), "knowledge", { ...push, since: 0 });
    expect(again.applied).toEqual(first.applied);
    expect(again.conflicts).toEqual([]);
    const other = { ...push, changes: [{ id: "a", ...text("three") }] };
    const refused = world.wake().sync("knowledge", { device_id: "laptop", limit: 5, ...other });
    expect(refused).toEqual({ ok: false, error: "idempotency_mismatch" });
  });

  it("[limit:maxSyncDevices] of as many devices as are remembered, those that came last", () => {
    const sync = newWorld().wake();
    for (let n = 0; n <= limits.maxSyncDevices; n += 1) synced(sync, "settings", { device_id: `d${n}` });
    const { devices } = sync.status();
    expect(devices).toHaveLength(limits.maxSyncDevices);
    expect(devices.map(({ device_id }) => device_id)).not.toContain("d0");
  });
});

describe("[SY4] deletions", () => {
  it("[limit:syncTombstoneMs] stay for 90 days; a device that was away for longer begins anew, and is told", () => {
    const world = newWorld();
    const sync = world.wake();
    const before = synced(sync, "knowledge", {
      changes: [
        { id: "a", ...text("a") },
        { id: "b", ...text("b") },
      ],
    });
    synced(sync, "knowledge", { changes: [{ id: "a", revision: 1, deleted: true }] });
    world.clock.now += limits.syncTombstoneMs - 1;
    sync.documents.forget();
    const late = synced(sync, "knowledge", { device_id: "phone", since: before.revision });
    expect([late.reset, late.changes]).toMatchObject([false, [{ id: "a", deleted: true }]]);
    world.clock.now += 2;
    sync.documents.forget();
    const later = synced(sync, "knowledge", { device_id: "phone", since: before.revision });
    expect(later.reset).toBe(true);
    expect(later.changes.map(({ id }) => id)).toEqual(["b"]);
    // What it changed meanwhile does not come back by itself.
    const changes = [{ id: "a", revision: 1, ...text("a2") }];
    expect(synced(sync, "knowledge", { device_id: "phone", changes }).conflicts).toMatchObject([{ theirs: null }]);
  });

  it("a log that is shorter than a device's is another one", () => {
    expect(synced(newWorld().wake(), "knowledge", { since: 7 })).toMatchObject({ reset: true, revision: 0 });
  });

  it("a device that begins anew in pages is not told to begin again by what is forgotten before it began", () => {
    const world = newWorld();
    const sync = world.wake();
    const ids = Array.from({ length: 10 }, (_, n) => `d${n}`);
    synced(sync, "knowledge", { changes: ids.map((id) => ({ id, ...text(id) })) });
    synced(sync, "knowledge", { changes: [{ id: "d9", revision: 10, deleted: true }] });
    world.clock.now += limits.syncTombstoneMs + 1;
    sync.documents.forget();
    const page = synced(sync, "knowledge", { device_id: "phone", since: 0, limit: 4 });
    const scan = page.scan ?? 0;
    const next = synced(sync, "knowledge", { device_id: "phone", since: page.revision, scan, limit: 4 });
    expect(next).toMatchObject({ reset: false, has_more: true });
    // What is deleted and forgotten while it gathers is something else: it may have that already.
    synced(sync, "knowledge", { changes: [{ id: "d0", revision: 1, deleted: true }] });
    world.clock.now += limits.syncTombstoneMs + 1;
    sync.documents.forget();
    const last = synced(sync, "knowledge", { device_id: "phone", since: next.revision, scan, limit: 4 });
    expect(last.reset).toBe(true);
  });
});

describe("[SY5] the lock", () => {
  it("[limit:syncLockMs] is held for half a minute, renewed, and taken over; who lost it is refused", () => {
    const world = newWorld();
    const { lock } = world.wake().documents;
    const fenceOf = (device: string, fence?: number) => {
      const taken = lock.take(device, fence);
      return taken.ok ? taken.value.fence : taken.error;
    };
    expect([fenceOf("laptop"), fenceOf("phone")]).toEqual([1, "sync_locked"]);
    world.clock.now += limits.syncLockMs - 1;
    expect([fenceOf("phone"), fenceOf("laptop", 1)]).toEqual(["sync_locked", 1]);
    world.clock.now += limits.syncLockMs;
    // Lapsed, and nobody has taken it: its fence is still the newest.
    expect(lock.refusalOf(1)).toBeUndefined();
    expect(fenceOf("phone")).toBe(2);
    const sync = world.wake();
    const change = { changes: [{ id: "a", ...text("a") }] };
    const push = (more: object) => sync.sync("knowledge", { device_id: "laptop", limit: 5, ...change, ...more });
    expect(push({ fence: 1 })).toEqual({ ok: false, error: "fence_stale" });
    expect(push({ fence: 3 })).toEqual({ ok: false, error: "fence_stale" });
    expect(push({})).toEqual({ ok: false, error: "sync_locked" });
    expect(push({ device_id: "phone", fence: 2 }).ok).toBe(true);
    expect(fenceOf("laptop", 1)).toBe("fence_stale");
    expect(lock.release("phone", 2).ok).toBe(true);
    expect(push({}).ok).toBe(true);
  });

  it("ends though the clock jumps back, and a device that begins anew has its own at once", () => {
    const world = newWorld();
    const { lock } = world.wake().documents;
    lock.take("laptop", undefined);
    expect(lock.take("laptop", undefined)).toMatchObject({ value: { fence: 2 } });
    world.clock.now -= 3_600_000;
    expect(lock.take("phone", undefined)).toMatchObject({ value: { fence: 3 } });
  });
});

/** What three devices read and are given that lack `news` of so many documents. */
const readFor = (documents: number, news: number): { readonly rows: number; readonly chars: number } => {
  const world = newWorld();
  const sync = world.wake();
  for (let n = 0; n < documents; n += 500) {
    const changes = Array.from({ length: Math.min(500, documents - n) }, (_, i) => ({
      id: `d${n + i}`,
      body: "x",
    }));
    synced(sync, "knowledge", { changes });
  }
  const changes = Array.from({ length: news }, (_, n) => ({ id: `d${n}`, revision: documents, body: `new ${n}` }));
  synced(sync, "knowledge", { changes });
  let rows = 0;
  const counting = world.wake("ada", (database) => ({
    ...database,
    sql: {
      exec: (query, ...values) => {
        const found = database.sql.exec(query, ...values);
        rows += found.toArray().length;
        return found as never;
      },
    },
  }));
  rows = 0;
  const pulled = ["phone", "tv", "watch"].map((device_id) =>
    synced(counting, "knowledge", { device_id, since: documents }),
  );
  for (const { changes: given } of pulled) expect(given).toHaveLength(news);
  return { rows, chars: JSON.stringify(pulled[0]?.changes).length };
};

describe("[SY1] ten thousand documents and four devices", () => {
  it("[limit:maxSyncDocuments] what a pull reads and gives grows with what is new, and not with what there is", () => {
    const [few, many, more] = [readFor(100, 10), readFor(10_000, 10), readFor(10_000, 100)];
    expect(many.rows).toBe(few.rows);
    expect(more.rows).toBeLessThan(10 * many.rows);
    expect(Math.abs(many.chars - few.chars)).toBeLessThan(500);
  });

  it("a document more than there may be is refused, and stays with its device", () => {
    const sync = newWorld().wake();
    sync.documents.store.count("settings", { documents: limits.maxSyncDocuments - 1 });
    const changes = ["a", "b"].map((id) => ({ id, body: {} }));
    expect(synced(sync, "settings", { changes }).applied).toMatchObject([
      { outcome: "applied" },
      { outcome: "refused", reason: "too_many_documents" },
    ]);
  });
});
