import { expect, test } from "vitest";
import { parseRoomName, roomName, sessionIdSchema, tenantSchema, trackNameSchema } from "../../schemas/names.ts";

const never = ["", " ", "a b", "a/b", "a\\b", "../a", "a\n", "\na", "a\0", "a%2Fb", "é", "a:b", "a?b", "a#b"];

test.for(["a", "A1", "0", "a.b_c~d-e", "x".repeat(128)])("[N1] session id %j", (id) => {
  expect(sessionIdSchema.safeParse(id).success).toBe(true);
});
test.for([...never, ".a", "-a", "_a", "~a", "x".repeat(129)])("[N1] no session id: %j", (id) => {
  expect(sessionIdSchema.safeParse(id).success).toBe(false);
});

test.for(["mixed", "mic", "0", "a_b-c", "x".repeat(32)])("[N1] track %j", (track) => {
  expect(trackNameSchema.safeParse(track).success).toBe(true);
});
test.for([...never, "Mic", "_a", "-a", "a.b", "x".repeat(33)])("[N1] no track: %j", (track) => {
  expect(trackNameSchema.safeParse(track).success).toBe(false);
});

test.for(["default", "a", "0-a", "x".repeat(63)])("[N1] tenant %j", (tenant) => {
  expect(tenantSchema.safeParse(tenant).success).toBe(true);
});
test.for([...never, "A", "-a", "a_b", "a.b", "x".repeat(64)])("[N1] no tenant: %j", (tenant) => {
  expect(tenantSchema.safeParse(tenant).success).toBe(false);
});

test("[T1] a room's name splits into what it was made of", () => {
  expect(parseRoomName(roomName("acme", "S.1"))).toEqual({ tenant: "acme", sessionId: "S.1" });
});
test.for(["", "a", "a/", "/a", "a/b/c", "a//b", "A/b", "a/b\n", "a /b"])("[T1] no room: %j", (name) => {
  expect(parseRoomName(name)).toBeUndefined();
});
