import { expect, test } from "vitest";
import { seededRandom } from "../../client/testkit/fault-plan.ts";
import { sessionResultSchema } from "../../schemas/http/result.ts";
import { sessionStateSchema } from "../../schemas/http/sessions.ts";
import { centroidStrip } from "../../server/gateway/http/without-centroids.ts";
import { bindings } from "./support/bindings.ts";
import { bearer, guarded, keyFor, tokenWith } from "./support/doors.ts";
import { get, post, resolve } from "./support/http.ts";
import { answerTo, inference } from "./support/inference.ts";
import { newSession } from "./support/room.ts";

const stateIn = async (answer: Response): Promise<number[][]> =>
  sessionStateSchema.parse(await answer.json()).state.clusters.map(({ centroid }) => centroid);
const resultIn = async (answer: Response): Promise<number[][]> =>
  sessionResultSchema.parse(await answer.json()).state.clusters.map(({ centroid }) => centroid);

test("[S9] a voice is given out to an API key that asks for it, and to no token; the resolver gets it as ever", async () => {
  const id = newSession();
  const requests = inference(id, (request) => Response.json(answerTo(request)));
  await resolve(id);
  await resolve(id);
  expect(requests[1]?.state.clusters[0]?.centroid).toEqual([0.25, -0.5]);
  expect((await post(id, "finalize")).status).toBe(200);
  const { key } = await keyFor("default", ["sessions:read"]);
  const token = await tokenWith({ tenant: "default", session_id: id, role: "edit" });
  const ask = (route: string, credential: string): Promise<Response> =>
    guarded(`/v1/sessions/${id}/${route}`, { headers: bearer(credential) });
  const voices = [
    [0.25, -0.5],
    [0.25, -0.5],
  ];
  for (const credential of [key, token]) {
    expect(await stateIn(await ask("state", credential))).toEqual([[], []]);
    expect(await resultIn(await ask("result", credential))).toEqual([[], []]);
    expect(await resultIn(await ask("result?version=1", credential))).toEqual([[], []]);
  }
  expect(await stateIn(await ask("state?include=centroids", key))).toEqual(voices);
  const whole = await ask("result?include=centroids", key);
  expect(await whole.clone().text()).toBe(
    await (await bindings.RESULT_BUCKET.get(`sessions/${id}/result.json`))?.text(),
  );
  expect(await resultIn(whole)).toEqual(voices);
  for (const route of ["state?include=centroids", "result?include=centroids", "result?version=1&include=centroids"]) {
    expect((await ask(route, token)).status).toBe(403);
  }
  for (const route of ["state?include=voices", "state?centroids=true", "result?include="]) {
    expect((await ask(route, key)).status).toBe(400);
  }
  // The two are told apart by their name too.
  const etag = whole.headers.get("etag") ?? "";
  expect((await get(id, "result")).headers.get("etag")).not.toBe(etag);
  const again = await guarded(`/v1/sessions/${id}/result`, { headers: { ...bearer(key), "if-none-match": etag } });
  expect(again.status).toBe(200);
});

test("[S9] nothing but the centroids is left out, wherever the bytes are cut and whatever texts say", async () => {
  const seed = Date.now();
  const random = seededRandom(seed);
  const tricky = '"state":{"clusters":[{"centroid":[1,2]}]} \\" ] } é 🎤';
  const cluster = (centroid: number[]): object => ({ cluster_id: "c1", centroid, sample_count: 3, bound_name: tricky });
  const make = (centroid: number[]): object => ({
    session_id: tricky,
    centroid: [9],
    state: {
      config: { clusters: [{ centroid: [1] }], [tricky]: tricky },
      clusters: [cluster(centroid), { ...cluster(centroid), nested: { centroid: [2] } }],
      bindings: { centroid: "clusters" },
    },
    events: [{ state: { clusters: [cluster([3])] } }],
  });
  const bytes = new TextEncoder().encode(JSON.stringify(make([0.5, -1e-7, 12])));
  for (let round = 0; round < 50; round += 1) {
    const parts: Uint8Array[] = [];
    for (let at = 0; at < bytes.length;) {
      const to = at + 1 + Math.floor(random() * (round === 0 ? 1 : 60));
      parts.push(bytes.subarray(at, to));
      at = to;
    }
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => {
        for (const part of parts) controller.enqueue(part);
        controller.close();
      },
    });
    const text = await new Response(stream.pipeThrough(centroidStrip())).text();
    expect(text, `seed ${seed}`).toBe(JSON.stringify(make([])));
  }
});
