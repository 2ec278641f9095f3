/** Bodies by their SHA-256: uploaded in parts, checked, kept once for a tenant, and let go when nobody names them. */
import { describe, expect, it } from "vitest";
import { limits } from "../../../schemas/limits.ts";
import { bodyTimings } from "../../../server/app/sync/bodies/bodies.ts";
import { bytesOf, newWorld, shaOf, synced, uploaded, type World } from "./world.ts";

const name = (sha256: string, id = "a") => ({ id, title: "Notes", media_type: "text/plain", sha256 }) as const;
const big = new Uint8Array(limits.syncPartBytes * 2 + 5).map((_, n) => n);

describe("[SY6] uploads", () => {
  it("[limit:syncPartBytes] come in parts, in any order and again, and go on after a kill where they were", async () => {
    const { wake, bucket } = newWorld();
    const sha256 = shaOf(big);
    const part = (n: number) => big.subarray((n - 1) * limits.syncPartBytes, n * limits.syncPartBytes);
    expect(wake().bodies.start(sha256, big.length)).toMatchObject({
      value: { is_kept: false, parts: 3, received: [] },
    });
    await wake().bodies.putPart(sha256, 3, part(3));
    expect(await wake().bodies.putPart(sha256, 2, part(2).subarray(1))).toEqual({ ok: false, error: "bad_part" });
    expect(await wake().bodies.putPart(sha256, 4, part(3))).toEqual({ ok: false, error: "bad_part" });
    await wake().bodies.putPart(sha256, 1, part(2));
    expect(await wake().bodies.complete(sha256)).toEqual({ ok: false, error: "upload_incomplete" });
    await wake().bodies.putPart(sha256, 1, part(1));
    expect(wake().bodies.start(sha256, big.length)).toMatchObject({ value: { received: [1, 3] } });
    await wake().bodies.putPart(sha256, 2, part(2));
    expect(await wake().bodies.complete(sha256)).toMatchObject({ value: { is_kept: true } });
    expect(shaOf([...bucket.objects.values()][0] ?? big.subarray(1))).toBe(sha256);
    expect(bucket.uploadsUnderWay).toBe(0);
  });

  it("what has another SHA-256 is not kept, and the next attempt begins anew", async () => {
    const { wake, bucket } = newWorld();
    const [right, wrong] = [bytesOf("right"), bytesOf("wrong")];
    const { bodies } = wake();
    bodies.start(shaOf(right), right.length);
    await bodies.putPart(shaOf(right), 1, wrong);
    expect(await bodies.complete(shaOf(right))).toEqual({ ok: false, error: "body_mismatch" });
    expect(await bodies.complete(shaOf(right))).toEqual({ ok: false, error: "body_not_found" });
    await uploaded(wake(), right);
    await wake().run();
    expect([...bucket.objects.values()].map(shaOf)).toEqual([shaOf(right)]);
  });

  it("what was checked is not replaced by a part that comes late", async () => {
    const { wake, bucket } = newWorld();
    const right = bytesOf("right");
    const sync = wake();
    sync.bodies.start(shaOf(right), right.length);
    await sync.bodies.putPart(shaOf(right), 1, right);
    const late = sync.bodies.putPart(shaOf(right), 1, bytesOf("wrong"));
    await sync.bodies.complete(shaOf(right));
    await late;
    expect([...bucket.objects.values()].map(shaOf)).toEqual([shaOf(right)]);
  });

  it.each(["down", "answer_lost"] as const)("goes on after R2 and the registry were %s at each step", async (mood) => {
    for (let step = 0; step < 9; step += 1) {
      const { wake, bucket, registry, registryMood } = newWorld();
      let calls = 0;
      bucket.mood = () => ((calls += 1) === step + 1 ? mood : "up");
      registryMood.mood = () => ((calls += 1) === step + 1 ? mood : "up");
      let failures = 0;
      const again = async (): Promise<string> => uploaded(wake(), big).catch(() => ((failures += 1), again()));
      const sha256 = await again();
      expect(failures).toBeLessThanOrEqual(1);
      await wake().run();
      await registry.sweep();
      expect(wake().bodies.holds(sha256)).toBe(true);
      expect([...bucket.objects.values()].map(shaOf)).toEqual([sha256]);
    }
  });

  it("[limit:maxSyncUploads] [limit:maxSyncBytes] [limit:maxSyncBodyBytes] are bounded, in number and in what they take", () => {
    const { wake } = newWorld();
    const { bodies } = wake();
    const start = (n: number, bytes: number) => bodies.start(String(n).padStart(64, "0"), bytes);
    expect(start(0, limits.maxSyncBytes + 1)).toEqual({ ok: false, error: "sync_full" });
    for (let n = 0; n < limits.maxSyncUploads; n += 1) expect(start(n, 5).ok).toBe(true);
    expect(start(99, 5)).toEqual({ ok: false, error: "sync_full" });
    expect(start(3, 5).ok).toBe(true);
    expect(limits.maxSyncBodyBytes).toBeLessThan(limits.maxSyncBytes);
  });
});

describe("[SY7] bodies of a tenant", () => {
  it("are kept once for all who hold them, and only who has sent the bytes holds them", async () => {
    const { wake, bucket, registry } = newWorld();
    const bytes = bytesOf("a secret of ada's");
    const sha256 = await uploaded(wake("ada"), bytes);
    const bob = wake("bob");
    expect(bob.bodies.keyOf(sha256)).toBeUndefined();
    expect(synced(bob, "knowledge", { changes: [name(sha256)] }).applied).toMatchObject([
      { outcome: "refused", reason: "body_missing" },
    ]);
    // What he is told of it is what he would be told of any.
    expect(bob.bodies.start(sha256, bytes.length)).toMatchObject({ value: { is_kept: false, received: [] } });
    await uploaded(bob, bytes);
    await registry.sweep();
    expect(bucket.objects.size).toBe(1);
    expect(bob.bodies.keyOf(sha256)).toMatchObject({ key: wake("ada").bodies.keyOf(sha256)?.key });
  });

  it("are let go a month after nobody names them, each user's part for itself, and never one that is named", async () => {
    const world = newWorld();
    const { wake, bucket, registry, clock } = world;
    const sha256 = await uploaded(wake("ada"), bytesOf("shared"));
    await uploaded(wake("bob"), bytesOf("shared"));
    const other = await uploaded(wake("ada"), bytesOf("named in a conflict"));
    synced(wake("ada"), "knowledge", { changes: [{ id: "a", body: "base" }, name(sha256, "b")] });
    synced(wake("ada"), "knowledge", { changes: [{ id: "a", revision: 1, body: "new" }] });
    const told = synced(wake("ada"), "knowledge", { device_id: "phone", changes: [{ ...name(other), revision: 1 }] });
    expect(told.conflicts).toMatchObject([{ yours: { sha256: other } }]);
    const passed = async (ms: number) => {
      clock.now += ms;
      for (const user of ["ada", "bob"]) await wake(user).run();
      await registry.sweep();
    };
    await passed(bodyTimings.unnamedMs + 1);
    // Bob never named it; Ada does.
    expect([wake("bob").bodies.holds(sha256), wake("ada").bodies.holds(sha256)]).toEqual([false, true]);
    expect(bucket.objects.size).toBe(2);
    synced(wake("ada"), "knowledge", { changes: [{ id: "b", revision: 2, deleted: true }] });
    await passed(bodyTimings.unnamedMs - 1);
    expect(wake("ada").bodies.holds(sha256)).toBe(true);
    await passed(2);
    expect(wake("ada").bodies.holds(sha256)).toBe(false);
    expect([...bucket.objects.values()].map(shaOf)).toEqual([other]);
  });

  it("stay while a push that names them is under way, and one that comes too late is told", async () => {
    const { wake, clock } = newWorld();
    const sha256 = await uploaded(wake(), bytesOf("named soon"));
    clock.now += bodyTimings.unnamedMs - 5;
    // The device asks whether it has to be sent, and is told that it need not.
    expect(wake().bodies.start(sha256, 10)).toMatchObject({ value: { is_kept: true } });
    clock.now += 10;
    await wake().run();
    expect(synced(wake(), "knowledge", { changes: [name(sha256)] }).applied).toMatchObject([{ outcome: "applied" }]);
    const late = await uploaded(wake(), bytesOf("named too late"));
    clock.now += bodyTimings.unnamedMs + 1;
    await wake().run();
    expect(synced(wake(), "adapters", { changes: [{ id: "x", sha256: late }] }).applied).toMatchObject([
      { outcome: "refused", reason: "body_missing" },
    ]);
  });

  it("that were let go while R2 was down are let go later; uploads that do not go on are given up", async () => {
    const { wake, bucket, registry, registryMood, clock } = newWorld();
    await uploaded(wake(), bytesOf("unnamed"));
    const begun = bytesOf("begun");
    wake().bodies.start(shaOf(begun), begun.length);
    await wake().bodies.putPart(shaOf(begun), 1, begun);
    clock.now += bodyTimings.unnamedMs + 1;
    registryMood.mood = () => "down";
    bucket.mood = () => "down";
    const sync = wake();
    await sync.run();
    expect(sync.nextRunAt).toBeGreaterThan(clock.now);
    [registryMood.mood, bucket.mood] = [() => "up", () => "up"];
    await wake().run();
    await registry.sweep();
    expect(bucket.objects.size).toBe(0);
    const world: Pick<World, "wake"> = { wake };
    expect(world.wake().bodies.hasReleases).toBe(false);
  });
});
