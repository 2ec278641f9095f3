/** The results library's list and deletion, against a server that is told what to answer. */
import { expect, test } from "vitest";
import { createResultsClient, type DeletionReceipt, type SessionSummary } from "../../client/index.ts";
import { hangUp, json, problem, scriptedGateway } from "./support/scripted-gateway.ts";

const summary = (session_id: string): SessionSummary => ({
  session_id,
  status: "open",
  title: "Weekly",
  people: ["Ada"],
  created_at: "2026-01-01T00:00:00.000Z",
  updated_at: "2026-01-01T00:00:00.000Z",
  finalized_at: null,
  tracks: 1,
  kept_seconds: 3,
  missing_seconds: 0,
  overdue_seconds: 0,
  duration_ms: 3_000,
  coverage: 1,
});
const receipt: DeletionReceipt = {
  session_id: "s",
  status: "deleted",
  by: "request",
  requested_at: "2026-01-01T00:00:00.000Z",
  deleted_at: "2026-01-01T00:00:01.000Z",
  objects: 3,
  bytes: 96_000,
  unarchived_chunks: 0,
  tracks: 1,
  events: 2,
  utterances: 0,
};
const deleting = { session_id: "s", status: "deleting", objects: 1 } as const;

test("[I2] one page, as it was asked for", async () => {
  const answer = { sessions: [summary("a")], next_cursor: "c" };
  const gateway = await scriptedGateway(json(answer));
  const client = createResultsClient({ baseUrl: gateway.url });
  expect(await client.listSessions()).toEqual(answer);
  expect(await client.listSessions({ status: "finalized", limit: 7, cursor: "x_-" })).toEqual(answer);
  expect(gateway.asked.map(({ path }) => path)).toEqual([
    "/v1/sessions",
    "/v1/sessions?status=finalized&limit=7&cursor=x_-",
  ]);
});

test("[I7] every filter, under the names of the contract", async () => {
  const gateway = await scriptedGateway(json({ sessions: [], next_cursor: null }));
  const day = new Date("2026-01-31T00:00:00Z");
  await createResultsClient({ baseUrl: gateway.url }).listSessions({
    q: "ä & b",
    hasGaps: true,
    archiveBehind: false,
    createdFrom: day,
    createdTo: day,
  });
  const [asked] = gateway.asked;
  expect(Object.fromEntries(new URLSearchParams(asked?.path.split("?")[1]))).toEqual({
    q: "ä & b",
    has_gaps: "true",
    archive_behind: "false",
    created_from: "2026-01-31T00:00:00.000Z",
    created_to: "2026-01-31T00:00:00.000Z",
  });
});

test("[I2] all of them: a page is asked for when it is needed, and again where it was lost", async () => {
  const gateway = await scriptedGateway(
    json({ sessions: [summary("c"), summary("b")], next_cursor: "1" }),
    hangUp,
    json({ sessions: [summary("a")], next_cursor: null }),
  );
  const client = createResultsClient({ baseUrl: gateway.url });
  const seen: [string, number][] = [];
  for await (const { session_id } of client.allSessions({ status: "open" })) {
    seen.push([session_id, gateway.asked.length]);
  }
  expect(seen).toEqual([
    ["c", 1],
    ["b", 1],
    ["a", 3],
  ]);
  expect(gateway.asked.map(({ path }) => path)).toEqual([
    "/v1/sessions?status=open&limit=200",
    "/v1/sessions?status=open&limit=200&cursor=1",
    "/v1/sessions?status=open&limit=200&cursor=1",
  ]);
});

test("[I2] whoever stops early asks no further", async () => {
  const gateway = await scriptedGateway(json({ sessions: [summary("a")], next_cursor: "1" }));
  for await (const { session_id } of createResultsClient({ baseUrl: gateway.url }).allSessions()) {
    expect(session_id).toBe("a");
    break;
  }
  expect(gateway.asked).toHaveLength(1);
});

test("[I3] a deletion is asked again after each 202, until its receipt comes", async () => {
  const gateway = await scriptedGateway(json(deleting, 202), problem("internal"), json(receipt));
  const client = createResultsClient({ baseUrl: gateway.url });
  expect(await client.deleteSession("s")).toEqual(receipt);
  expect(gateway.asked.map(({ method, path }) => `${method} ${path}`)).toEqual(Array(3).fill("DELETE /v1/sessions/s"));
});

test("[I3] whoever does not wait gets what there is, and whoever waits too long an error", async () => {
  const gateway = await scriptedGateway(json(deleting, 202));
  const client = createResultsClient({ baseUrl: gateway.url });
  expect(await client.deleteSession("s", { wait: false })).toEqual(deleting);
  await expect(client.deleteSession("s", { maxWaitMs: 100 })).rejects.toThrow("1 objects are deleted so far");
  await expect(client.deleteSession("a/b")).rejects.toThrow(TypeError);
});
