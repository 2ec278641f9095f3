/** A conflict that somebody settles after what stands went on: what they have not seen is never written over. */
import { describe, expect, it } from "vitest";
import type { SyncClient } from "../../../client/sync/sync-client.ts";
import type { UserSync } from "../../../server/app/sync/user-sync.ts";
import { ClientDevice } from "./client-device.ts";
import { newWorld } from "./world.ts";

type Fields = Readonly<Record<string, number>>;

async function devices(): Promise<{ laptop: SyncClient; phone: SyncClient; sync: UserSync }> {
  const world = newWorld();
  const sync = world.wake();
  const around = {
    luck: { isCalm: () => true, below: () => 3 },
    server: () => sync,
    now: () => world.clock.now,
    planted: {},
  };
  const open = (name: string): Promise<SyncClient> => new ClientDevice(name, around).open();
  return { laptop: await open("laptop"), phone: await open("phone"), sync };
}

const put = (client: SyncClient, body: Fields): Promise<void> => client.set("settings", "s", { body });

/** The laptop has a conflict with what the phone wrote first; since then the phone wrote once more. */
async function conflict(): Promise<Awaited<ReturnType<typeof devices>>> {
  const both = await devices();
  const { laptop, phone } = both;
  await put(laptop, { base: 1 });
  await laptop.run();
  await phone.run();
  await put(phone, { base: 1, phone: 1 });
  await phone.run();
  await put(laptop, { base: 1, laptop: 1 });
  await laptop.run();
  expect(laptop.conflicts()).toHaveLength(1);
  await put(phone, { base: 1, phone: 2 });
  await phone.run();
  return both;
}

const standing = (sync: UserSync): unknown =>
  JSON.parse(sync.documents.store.documentsAfter("settings", 0, 9)[0]?.content ?? "{}");
const idOf = (client: SyncClient): string => client.conflicts()[0]?.conflict_id ?? "";

describe("[SY12] a conflict after which what stands has gone on", () => {
  it("shows what stands now, and merges with that", async () => {
    const { laptop, sync } = await conflict();
    await laptop.run();
    expect(laptop.conflicts()[0]).toMatchObject({ yours: { body: { laptop: 1 } }, theirs: { body: { phone: 2 } } });
    const merge = laptop.mergeOf(idOf(laptop));
    expect(merge).toMatchObject({ merged: { base: 1, laptop: 1, phone: 2 }, clashes: [], isBaseKnown: true });
    await laptop.resolve(idOf(laptop), { merged: { body: merge?.merged ?? {} } });
    await laptop.run();
    expect(standing(sync)).toEqual({ body: { base: 1, laptop: 1, phone: 2 } });
    expect(laptop.conflicts()).toEqual([]);
  });

  it("shows it also where a change of this device's own hides it", async () => {
    const { laptop } = await conflict();
    await put(laptop, { base: 1, laptop: 2 });
    await laptop.run();
    for (const { theirs } of laptop.conflicts()) expect(theirs).toMatchObject({ body: { phone: 2 } });
  });

  it.each(["mine", { merged: { body: { laptop: 9 } } }] as const)(
    "chosen by what was shown before it went on, it stays a conflict (%j)",
    async (choice) => {
      const { laptop, sync } = await conflict();
      const { conflict_id, theirs } = laptop.conflicts()[0] ?? {};
      await laptop.run();
      await laptop.resolve(conflict_id ?? "", choice, { revision: theirs?.revision ?? 0 });
      await laptop.run();
      expect(standing(sync)).toEqual({ body: { base: 1, phone: 2 } });
      // What was chosen is kept, for another choice.
      expect(laptop.conflicts()).toContainEqual(
        expect.objectContaining({
          yours: expect.objectContaining({ body: expect.objectContaining({ laptop: choice === "mine" ? 1 : 9 }) }),
          theirs: expect.objectContaining({ body: { base: 1, phone: 2 } }),
        }),
      );
    },
  );
});
