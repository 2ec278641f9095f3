/** Where a device of sync keeps its state: whole commits or none, whatever it stores in; and settings that are merged by key. */
import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { IDBFactory } from "fake-indexeddb";
import { afterEach, describe, expect, test } from "vitest";
import { openIdbSyncStorage } from "../../client/browser/idb-sync-storage.ts";
import { mergeSettings, type SyncStorage } from "../../client/index.ts";
import { openFileSyncStorage } from "../../client/node/index.ts";

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

async function folderOf(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "roomtone-sync-"));
  folders.push(folder);
  return folder;
}

const sha256 = "a".repeat(64);
const kinds: readonly { readonly name: string; readonly place: () => Promise<() => Promise<SyncStorage>> }[] = [
  {
    name: "files",
    place: async () => {
      const folder = await folderOf();
      return () => openFileSyncStorage(folder);
    },
  },
  {
    name: "IndexedDB",
    place: () => {
      const indexedDB = new IDBFactory();
      return Promise.resolve(() => openIdbSyncStorage({ name: "roomtone/sync", indexedDB, locks: null }));
    },
  },
];

describe.each(kinds)("[SY11] storage in $name", ({ place }) => {
  test("gives back what was committed, after it was opened again, and forgets what was removed", async () => {
    const open = await place();
    const first = await open();
    await first.commit(
      new Map<string, unknown>([
        ["a", { n: 1 }],
        ["b", [1, "zwei", null]],
      ]),
    );
    await first.commit(
      new Map<string, unknown>([
        ["a", null],
        ["c", "Ü\n\u2028"],
      ]),
    );
    await first.close();
    const second = await open();
    expect(Object.fromEntries(await second.load())).toEqual({ b: [1, "zwei", null], c: "Ü\n\u2028" });
    await second.close();
  });

  test("keeps bodies to the byte until they are dropped", async () => {
    const open = await place();
    const storage = await open();
    const bytes = Uint8Array.from({ length: 70_000 }, (_, i) => i % 251);
    expect(await storage.body(sha256)).toBeUndefined();
    await storage.putBody(sha256, bytes);
    expect(Buffer.compare((await storage.body(sha256)) ?? new Uint8Array(), bytes)).toBe(0);
    await storage.dropBody(sha256);
    await storage.dropBody(sha256);
    expect(await storage.body(sha256)).toBeUndefined();
    await storage.close();
  });
});

describe("[SY11] storage in files", () => {
  test("a commit that a crash has cut is none, and the next one is whole", async () => {
    const folder = await folderOf();
    const first = await openFileSyncStorage(folder);
    await first.commit(new Map([["a", 1]]));
    await first.close();
    await appendFile(join(folder, "state.log"), '[["b",');
    const second = await openFileSyncStorage(folder);
    expect([...(await second.load())]).toEqual([["a", 1]]);
    await second.commit(new Map([["c", 3]]));
    await second.close();
    const third = await openFileSyncStorage(folder);
    expect([...(await third.load())]).toEqual([
      ["a", 1],
      ["c", 3],
    ]);
    await third.close();
  });

  test("what was damaged is told, and a folder is one process's at a time", async () => {
    const folder = await folderOf();
    const storage = await openFileSyncStorage(folder);
    await expect(openFileSyncStorage(folder)).rejects.toThrow("uses");
    await storage.commit(new Map([["a", 1]]));
    await storage.close();
    await writeFile(join(folder, "state.log"), "what\n");
    await expect(openFileSyncStorage(folder)).rejects.toThrow("is damaged");
  });

  test("does not grow without bound: what is out of date is written away", async () => {
    const folder = await folderOf();
    const storage = await openFileSyncStorage(folder);
    const text = "x".repeat(100_000);
    for (let n = 0; n < 40; n += 1) await storage.commit(new Map([["a", `${n}${text}`]]));
    await storage.close();
    expect((await stat(join(folder, "state.log"))).size).toBeLessThan(1_600_000);
    expect(await readFile(join(folder, "state.log"), "utf8")).toContain(`39${text}`);
  });
});

describe("[SY12] settings of three versions", () => {
  test("are merged by key; what both sides changed otherwise is a clash", () => {
    const base = { theme: "dark", size: 1, old: true, list: [1, { a: 1, b: 2 }] };
    const mine = { theme: "light", size: 1, list: [1, { b: 2, a: 1 }], added: 1 };
    const theirs = { theme: "dark", size: 2, old: true, list: [1, { a: 1, b: 2 }] };
    expect(mergeSettings(base, mine, theirs)).toEqual({
      merged: { theme: "light", size: 2, list: [1, { a: 1, b: 2 }], added: 1 },
      clashes: [],
    });
    expect(mergeSettings(base, { ...base, size: 3 }, theirs)).toMatchObject({ merged: { size: 3 }, clashes: ["size"] });
    expect(mergeSettings(base, { theme: "dark" }, { ...base, size: 2 }).clashes).toEqual(["size"]);
    expect(mergeSettings({}, { a: 1 }, { a: 2, b: 1 })).toEqual({ merged: { a: 1, b: 1 }, clashes: ["a"] });
    const odd = JSON.parse('{"__proto__": 1}') as Record<string, unknown>;
    expect(Object.keys(mergeSettings({}, odd, {}).merged)).toEqual(["__proto__"]);
  });
});
