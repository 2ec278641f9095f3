/** Chunks that went to R2 lately are read without asking it; memory is bounded, and holds nothing of what was deleted. */
import { expect, test } from "vitest";
import { RecentChunks } from "../../server/gateway/archive/recent-chunks.ts";

const bytes = (): ArrayBuffer => new ArrayBuffer(2);

test("[K4] it holds the newest of all rooms, and no more than it may", () => {
  const recent = new RecentChunks(2);
  for (const key of ["sessions/a/chunks/1", "sessions/b/chunks/1", "sessions/a/chunks/2"]) recent.add(key, bytes());
  expect(recent.get("sessions/a/chunks/1")).toBeUndefined();
  expect(recent.get("sessions/b/chunks/1")).toBeDefined();
  expect(recent.get("sessions/a/chunks/2")).toBeDefined();
});

test("[I3] of a deleted session it holds nothing, and all of another whose id begins alike", () => {
  const recent = new RecentChunks(9);
  for (const key of ["sessions/a/chunks/1", "sessions/a/tracks/b/chunks/1", "sessions/ab/chunks/1"])
    recent.add(key, bytes());
  recent.forget("sessions/a/");
  expect(recent.get("sessions/a/chunks/1")).toBeUndefined();
  expect(recent.get("sessions/a/tracks/b/chunks/1")).toBeUndefined();
  expect(recent.get("sessions/ab/chunks/1")).toBeDefined();
});
