/** A large body on its way through the library, over real sockets, with an end in its middle: it goes on where it was. */
import { once } from "node:events";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createResultsClient } from "../../../client/results/results-client.ts";
import { memorySyncStorage } from "../../../client/sync/memory-storage.ts";
import { limits } from "../../../schemas/limits.ts";
import { syncOverHttp, type HttpSync } from "./sync-over-http.ts";
import { newWorld, shaOf } from "./world.ts";

const world = newWorld();
const partBytes = limits.syncPartBytes;
/** Three parts, the last one short; no two of them alike. */
const body = Buffer.alloc(2 * partBytes + 5, 1)
  .fill(2, partBytes)
  .fill(3, 2 * partBytes);
const sha256 = shaOf(body);
let http: HttpSync;
beforeAll(async () => {
  // The user's object is another one for each request, as after a kill.
  http = await syncOverHttp(
    () => world.wake(),
    (sha) => world.bucket.objects.get(world.wake().bodies.keyOf(sha)?.key ?? ""),
  );
});
afterAll(async () => {
  http.server.close();
  http.server.closeAllConnections();
  await once(http.server, "close");
});

const device = (deviceId: string, storage = memorySyncStorage()) =>
  createResultsClient({ baseUrl: http.url, retries: 0 }).sync({ deviceId, storage });
const parts = (): string[] => http.asked.flatMap((name) => /^PUT .*\/parts\/(\d+)$/.exec(name)?.[1] ?? []);

it("[SY6] [SY13] is sent on by the next run of the device, no part twice that was taken, and is the same on another device", async () => {
  const storage = memorySyncStorage();
  const first = await device("laptop", storage);
  await first.setBody("adapters", "large", body, { title: "Large" });
  // The gateway has taken the second part, and the device never hears it.
  http.loses = (name) => name.endsWith("/parts/2");
  await expect(first.run({ collections: ["adapters"] })).rejects.toThrow("parts/2");
  expect(parts()).toEqual(["1", "2"]);
  http.loses = () => false;
  http.asked.length = 0;
  const again = await device("laptop", storage);
  expect(await again.run({ collections: ["adapters"] })).toMatchObject({ pushed: 1, pending: [] });
  expect(parts()).toEqual(["3"]);
  const other = await device("phone");
  await other.run({ collections: ["adapters"] });
  expect(other.document("adapters", "large")).toMatchObject({ title: "Large", sha256 });
  expect(shaOf(await other.body(sha256))).toBe(sha256);
  expect(world.bucket.uploadsUnderWay).toBe(0);
}, 60_000);
