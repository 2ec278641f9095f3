/** What a device of the library does where the log is gone, where it is refused, and where nobody answers. */
import { expect, it } from "vitest";
import { memorySyncStorage } from "../../../client/sync/memory-storage.ts";
import { SyncClient } from "../../../client/sync/sync-client.ts";
import {
  SyncOtherUserError,
  type SyncRequest,
  type SyncStorage,
  type SyncTransport,
} from "../../../client/sync/sync-types.ts";
import type { SyncAnswer } from "../../../schemas/http/sync.ts";

const nothing: SyncAnswer = {
  revision: 0,
  applied: [],
  has_more: false,
  scan: null,
  reset: false,
  conflicts: [],
  changes: [],
};

const no = (): Promise<never> => Promise.reject(new Error("not asked here"));

async function deviceOn(
  sync: SyncTransport["sync"],
  more: Partial<SyncTransport> = {},
  storage: SyncStorage = memorySyncStorage(),
) {
  const waits: number[] = [];
  const resets: string[] = [];
  const transport = { sync, status: no, startBody: no, putPart: no, completeBody: no, getBody: no, ...more };
  const client = await SyncClient.open({
    storage,
    transport,
    now: () => 0,
    newId: () => "id",
    pause: () => Promise.resolve(),
    delayMs: () => 10,
    attempts: 3,
    onWait: ({ attempt }) => waits.push(attempt),
    onReset: (collection) => resets.push(collection),
  });
  return { client, waits, resets };
}

const run = { collections: ["knowledge"] as const };

it("[SY13] a reset is told, and what it does not list is gone; what was changed here is kept", async () => {
  const at = new Date(0).toISOString();
  const version = (id: string, revision: number) => ({ id, revision, deleted: false, device_id: "x", at, body: id });
  const answers: SyncAnswer[] = [
    { ...nothing, revision: 2, changes: [version("a", 1), version("b", 2)] },
    { ...nothing, revision: 1, reset: true, changes: [version("b", 1)], applied: [] },
  ];
  const { client, resets } = await deviceOn(() => Promise.resolve(answers.shift() ?? { ...nothing, revision: 1 }));
  await client.run(run);
  expect(client.documents("knowledge").map(({ id }) => id)).toEqual(["a", "b"]);
  expect((await client.run(run)).reset).toEqual(["knowledge"]);
  expect([resets, client.documents("knowledge").map(({ id }) => id)]).toEqual([["knowledge"], ["b"]]);
});

it("[SY13] what is refused is kept and told; a request that nobody answers is repeated a bounded number of times, each told", async () => {
  const refused = await deviceOn((_, { changes }) => {
    const applied = changes.map(({ id }) => ({
      id,
      outcome: "refused" as const,
      revision: 0,
      reason: "full" as const,
    }));
    return Promise.resolve({ ...nothing, applied });
  });
  await refused.client.set("knowledge", "a", { body: "mine" });
  expect((await refused.client.run(run)).pending).toMatchObject([{ id: "a", refused: "full" }]);
  expect(refused.client.document("knowledge", "a")).toMatchObject({ body: "mine", isPending: true });
  const silent = await deviceOn(() => Promise.reject(new Error("nobody")));
  await expect(silent.client.run(run)).rejects.toThrow("nobody");
  expect(silent.waits).toEqual([1, 2, 3]);
});

it("[SY13] a body that is not what it is named by is not given", async () => {
  const { client } = await deviceOn(() => Promise.resolve(nothing), {
    getBody: () => Promise.resolve(new Uint8Array([1])),
  });
  await expect(client.body("a".repeat(64))).rejects.toThrow("is not the body");
});

it("[SY15] with another user's credential nothing is sent and nothing is taken, and what waits is kept; with their own it goes on", async () => {
  const storage = memorySyncStorage();
  const asked: SyncRequest[] = [];
  const as = (user: string | undefined) =>
    deviceOn(
      (_, request) => {
        asked.push(request);
        const applied = request.changes.map(({ id }) => ({ id, outcome: "applied" as const, revision: 1 }));
        const at = new Date(0).toISOString();
        const changes = [{ id: `of-${user}`, revision: 1, deleted: false, device_id: "x", at, body: "text" }];
        return Promise.resolve({ ...nothing, ...(user === undefined ? {} : { user }), revision: 1, applied, changes });
      },
      {},
      storage,
    );
  await (await as("ann")).client.run(run);
  const { client: bob } = await as("bob");
  await bob.set("knowledge", "mine", { body: "Ann's words" });
  asked.length = 0;
  await expect(bob.run(run)).rejects.toThrow(SyncOtherUserError);
  await expect(bob.run(run)).rejects.toThrow("another user's");
  expect(asked.flatMap(({ changes }) => changes)).toEqual([]);
  expect(bob.documents("knowledge").map(({ id }) => id)).toEqual(["of-ann", "mine"]);
  // A gateway of an earlier version does not say whose documents these are.
  const { client: ann } = await as(undefined);
  expect((await ann.run(run)).pushed).toBe(1);
  const { client: again } = await as("ann");
  expect((await again.run(run)).pending).toEqual([]);
  // While it runs, too.
  let user = "ann";
  const changing = await deviceOn(() => Promise.resolve({ ...nothing, user, revision: 1 }), {}, storage);
  await changing.client.run(run);
  user = "bob";
  await expect(changing.client.run(run)).rejects.toThrow(SyncOtherUserError);
});
