import { expect, test } from "vitest";
import { scopeSchema } from "../../../schemas/access.ts";
import { type Operation, operations } from "../../../schemas/http/operations.ts";
import { permit, type Principal, subjectOf } from "../../../server/shared/access/principal.ts";

const token = {
  kind: "token",
  tenant: "acme",
  subject: "ada",
  sessionId: "board-7",
  role: "observe",
  tracks: undefined,
  expiresAt: 0,
} as const satisfies Principal;
const guarded = Object.entries(operations as Record<string, Operation>).flatMap(([id, { access }]) =>
  access === "public" ? [] : [{ id, access }],
);

test.each(guarded)("[P6] $id: a key with its scope may, one with all others may not, admin may", ({ access }) => {
  const others = scopeSchema.options.filter((scope) => scope !== access.scope && scope !== "admin");
  const key = { kind: "key", tenant: "acme", keyId: "k", expiresAt: null } as const;
  expect(permit({ ...key, scopes: [access.scope] }, access, "board-7").ok).toBe(true);
  expect(permit({ ...key, scopes: others }, access, "board-7").ok).toBe(false);
  expect(permit({ ...key, scopes: ["admin"] }, access, "board-7").ok).toBe(true);
  expect(permit({ ...key, scopes: [] }, access, "board-7").ok).toBe(false);
});

test.each(guarded)("[P6] $id: a token of another session, or of another role, may not", ({ access }) => {
  for (const role of ["capture", "observe", "edit"] as const) {
    expect(permit({ ...token, role }, access, "board-7").ok).toBe(access.roles.includes(role));
    // What names no session in its path is confined by its handler (J3).
    const isConfinedLater = access.covers === "caller" && access.roles.includes(role);
    expect(permit({ ...token, role }, access, "board-8").ok).toBe(isConfinedLater);
    expect(permit({ ...token, role }, access, undefined).ok).toBe(isConfinedLater);
  }
});

test("[P6] what only a backend does, no session token may", () => {
  const open = guarded.filter(({ access }) => access.roles.length > 0).map(({ id }) => id);
  for (const id of ["listSessions", "createSession", "configureSession", "deleteSession", "mintToken", "finalize"]) {
    expect(open).not.toContain(id);
  }
});

test("[P7] a token to read some tracks reads their audio and exports, and nothing of the whole session", () => {
  const some = { ...token, tracks: ["mic"] };
  const ofSessions = guarded.filter(({ access }) => access.covers !== "caller");
  const may = ofSessions.filter(({ access }) => permit(some, access, "board-7").ok).map(({ id }) => id);
  expect(may).toEqual(["getAudio", "getPeaks", "exportRttm", "exportVtt", "exportSrt", "exportText"]);
});

test("a key and a token of the same name are two subjects", () => {
  const key = { kind: "key", tenant: "acme", keyId: "ada", scopes: [], expiresAt: null } as const;
  expect(subjectOf(key)).not.toBe(subjectOf(token));
});
