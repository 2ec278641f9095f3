/** The keys under which a tenant's sessions are opened. */
import { expect, test } from "vitest";
import { limits } from "../../../schemas/limits.ts";
import { SessionKeys } from "../../../server/shared/limits/session-keys.ts";
import { nodeSqlite } from "../../support/node-database.ts";

const key = { subject: "key:a", key: "k1", digest: "d", sessionId: "s1" };

function opened(): { keys: SessionKeys; clock: { now: number } } {
  const clock = { now: 1_000_000 };
  return { keys: new SessionKeys(nodeSqlite(() => clock.now).open()), clock };
}

test("[S3] a key stands for the session that it was bound to first, for its caller and its request alone", () => {
  const { keys } = opened();
  expect(keys.bind(key)).toEqual({ kind: "bound", isNew: true, sessionId: "s1" });
  expect(keys.bind({ ...key, sessionId: "s2" })).toEqual({ kind: "bound", isNew: false, sessionId: "s1" });
  expect(keys.bind({ ...key, digest: "e" })).toEqual({ kind: "mismatch" });
  expect(keys.bind({ ...key, subject: "key:b", digest: "e", sessionId: "s2" })).toMatchObject({ isNew: true });
});

test("[S3] one whose request came to nothing is free; nobody frees another's", () => {
  const { keys } = opened();
  keys.bind(key);
  keys.free("key:a", "k1", "other");
  expect(keys.bind({ ...key, digest: "e" })).toEqual({ kind: "mismatch" });
  keys.free("key:a", "k1", "s1");
  expect(keys.bind({ ...key, digest: "e" })).toMatchObject({ isNew: true });
});

test("[S3] one that is older than a day is new", () => {
  const { keys, clock } = opened();
  keys.bind(key);
  clock.now += limits.idempotencyKeyLifetimeMs;
  expect(keys.bind({ ...key, digest: "e" })).toMatchObject({ isNew: true });
});

test("[S3] [limit:maxIdempotencyKeysPerTenant] the newest are kept", () => {
  const { keys } = opened();
  const bind = (n: number) => keys.bind({ ...key, key: `k${n}`, sessionId: `s${n}` });
  for (let n = 1; n <= limits.maxIdempotencyKeysPerTenant + 1; n += 1) bind(n);
  expect(bind(2)).toMatchObject({ isNew: false });
  expect(bind(1)).toMatchObject({ isNew: true });
});
