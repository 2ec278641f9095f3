/** The event log as an iterable: through lost connections, dead ones, and failures. */
import type { ServerResponse } from "node:http";
import { expect, test } from "vitest";
import {
  createResultsClient,
  type ResultsClient,
  RoomtoneHttpError,
  RoomtoneNetworkError,
} from "../../client/index.ts";
import type { RoomEvent } from "../../schemas/speech/events.ts";
import { html, type Line, problem, scriptedGateway } from "./support/scripted-gateway.ts";

/** @returns a client of a gateway that follows the script, and what each request named as its last event. */
async function serverOf(...script: Line[]): Promise<{ client: ResultsClient; asked: () => (string | undefined)[] }> {
  const gateway = await scriptedGateway(...script);
  return {
    client: createResultsClient({ baseUrl: gateway.url, retries: 2 }),
    asked: () => gateway.asked.map(({ headers }) => headers["last-event-id"]?.toString()),
  };
}

const eventOf = (event_id: number): RoomEvent => ({
  event_id,
  at: "2026-01-01T00:00:00.000Z",
  type: "track.opened",
  track: "mixed",
  by: "room",
});
const textOf = (id: number): string => `id: ${id}\nevent: track.opened\ndata: ${JSON.stringify(eventOf(id))}\n\n`;
const start = (response: ServerResponse): void => {
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.write("retry: 2000\n\n");
};
/** Events, then the connection is cut, in the middle of the next one. */
const cutAfter =
  (...ids: number[]): Line =>
  (response) => {
    start(response);
    response.write(ids.map(textOf).join("") + textOf((ids.at(-1) ?? 0) + 1).slice(0, 20), () => response.destroy());
  };
const endAfter =
  (...ids: number[]): Line =>
  (response) => {
    start(response);
    response.end(ids.map(textOf).join(": still here\n\n"));
  };
const over: Line = (response) => void response.writeHead(204).end();
const failing = problem("internal");

async function idsOf(events: AsyncIterable<RoomEvent>): Promise<number[]> {
  const ids: number[] = [];
  for await (const event of events) ids.push(event.event_id);
  return ids;
}

test("[S2] each event once and in order, through cuts, failures and an end, until the session is over", async () => {
  const { client, asked } = await serverOf(cutAfter(1, 2), failing, cutAfter(3), endAfter(4, 5), over);
  expect(await idsOf(client.liveEvents("s"))).toEqual([1, 2, 3, 4, 5]);
  expect(asked()).toEqual(["0", "2", "2", "3", "5"]);
});

test("[S2] it starts after the event that is known", async () => {
  const { client, asked } = await serverOf(endAfter(8), over);
  expect(await idsOf(client.liveEvents("s", { after: 7 }))).toEqual([8]);
  expect(asked()).toEqual(["7", "8"]);
});

const closing: Line = (response) => {
  start(response);
  response.end(`${textOf(1)}event: closing\ndata: {"reason":"token_expired","retryable":false}\n\n`);
};

test("[P12] the word why a stream ends is no event, and no failure", async () => {
  const { client, asked } = await serverOf(closing, endAfter(2), over);
  expect(await idsOf(client.liveEvents("s", {}))).toEqual([1, 2]);
  expect(asked()).toEqual(["0", "1", "2"]);
});

/** Nothing happens for a while, and then something on the way cuts what is idle. */
const idleThenCut: Line = (response) => {
  start(response);
  response.write(": still here\n\n", () => response.destroy());
};

test("[S2] a quiet meeting is no failure, however often its idle connection is cut", async () => {
  const { client, asked } = await serverOf(...Array.from({ length: 5 }, () => idleThenCut), endAfter(1), over);
  expect(await idsOf(client.liveEvents("s"))).toEqual([1]);
  expect(asked()).toHaveLength(7);
});

test("it gives up after so many failures in a row, with the last one", async () => {
  const { client, asked } = await serverOf(failing);
  await expect(idsOf(client.liveEvents("s"))).rejects.toBeInstanceOf(RoomtoneHttpError);
  expect(asked()).toHaveLength(3);
  const cut = await serverOf(cutAfter());
  await expect(idsOf(cut.client.liveEvents("s"))).rejects.toBeInstanceOf(RoomtoneNetworkError);
});

test("what can't pass is told at once", async () => {
  const { client, asked } = await serverOf(html(404));
  await expect(idsOf(client.liveEvents("s"))).rejects.toMatchObject({ status: 404 });
  expect(asked()).toHaveLength(1);
});

test("leaving the loop, or the signal, closes the connection", async () => {
  const closed: number[] = [];
  const stayOpen: Line = (response) => {
    start(response);
    response.write(textOf(1));
    response.on("close", () => closed.push(1));
  };
  const { client } = await serverOf(stayOpen);
  for await (const event of client.liveEvents("s")) {
    expect(event.event_id).toBe(1);
    break;
  }
  await expect.poll(() => closed.length).toBe(1);
  const controller = new AbortController();
  const watching = idsOf(client.liveEvents("s", { signal: controller.signal }));
  setTimeout(() => controller.abort(new Error("enough")), 50);
  await expect(watching).rejects.toThrow("enough");
  await expect.poll(() => closed.length).toBe(2);
});
