import { describe, expect, test, vi } from "vitest";
import { createSession, get, post, send } from "./support/http.ts";
import { inference } from "./support/inference.ts";
import { hookUrl, idOf, receiver, secret, token } from "./support/receiver.ts";
import { newSession, RoomUnderTest } from "./support/room.ts";
import { setVariables } from "./support/variables.ts";
import {
  dayOfAlarms,
  finalize,
  finalizedRoom,
  isSettled,
  onlyDelivery,
  openWithHook,
  resend,
} from "./support/webhooks.ts";

describe("the log", () => {
  test("[D4] no secret in any answer or log line, not even the rest of the address", async () => {
    const lines: unknown[] = [];
    const notes = (["log", "warn", "error"] as const).map((level) =>
      vi.spyOn(console, level).mockImplementation((...args) => void lines.push(args)),
    );
    const room = new RoomUnderTest(newSession());
    const { sessionId } = room;
    setVariables(sessionId, { WEBHOOK_URL: hookUrl(sessionId), WORKER_SHARED_SECRET: "sh4red-secret" });
    receiver(sessionId, () => Promise.reject(new Error(`no route to ${hookUrl(sessionId)}`)));
    const texts: string[] = [];
    const note = async (answer: Response): Promise<void> => void texts.push(await answer.text());
    await note(await send("POST", "/v1/sessions", { session_id: sessionId, webhook_url: hookUrl(sessionId) }));
    expect(texts[0]).toContain(`"webhook_origin":"https://${sessionId}.hooks.example"`);
    await note(await send("PATCH", `/v1/sessions/${sessionId}`, {}));
    await note(
      await send("PATCH", `/v1/sessions/${sessionId}`, {
        webhook_url: `https://u:${token}@${sessionId}.hooks.example/`,
      }),
    );
    await finalize(room);
    await room.wakeUntil("it is given up", isSettled(room), dayOfAlarms);
    await note(await get(sessionId, "webhooks"));
    await note(await get(sessionId, "state"));
    await note(await get(sessionId, "result"));
    await note(await get(sessionId, "events"));
    for (const spy of notes) spy.mockRestore();
    expect(JSON.stringify(lines)).toContain("webhook.dead");
    const all = texts.join("\n") + JSON.stringify(lines);
    for (const word of [token, secret, secret.slice(6), "sh4red-secret"]) expect(all).not.toContain(word);
  });

  test("[D5] sending again: what is not there is not found; what was delivered comes again under its id", async () => {
    const room = await finalizedRoom();
    const { sessionId } = room;
    const received = receiver(sessionId);
    await room.wakeUntil("it is delivered", isSettled(room));
    const { delivery_id } = await onlyDelivery(room);
    for (const id of ["msg_x", "msg_00000000-0000-0000-0000-000000000000"]) {
      const answer = await post(sessionId, `webhooks/${id}/resend`);
      expect([answer.status, (await answer.json<{ code: string }>()).code]).toEqual([404, "delivery_not_found"]);
    }
    await resend(room, delivery_id);
    await room.wakeUntil("it is delivered again", isSettled(room));
    expect(received.map(idOf)).toEqual([delivery_id, delivery_id]);
    const never = newSession();
    expect((await get(never, "webhooks")).status).toBe(404);
    expect((await post(never, `webhooks/${delivery_id}/resend`)).status).toBe(404);
  });

  test("[D5] the address can be mended after finalize; what waits and what is sent again goes to the new one", async () => {
    const room = await openWithHook({ webhook_url: "https://wrong.example/" });
    const { sessionId } = room;
    inference(sessionId, () => new Response(null));
    await finalize(room);
    await room.wakeUntil("it was tried", async () => (await onlyDelivery(room)).attempts === 1);
    expect(await onlyDelivery(room)).toMatchObject({ last_origin: "https://wrong.example", last_error: "unreachable" });
    const received = receiver(sessionId);
    const mended = await send("PATCH", `/v1/sessions/${sessionId}`, { webhook_url: hookUrl(sessionId) });
    expect(mended.status).toBe(200);
    const both = { webhook_url: hookUrl(sessionId), metadata: {} };
    expect((await send("PATCH", `/v1/sessions/${sessionId}`, both)).status).toBe(409);
    await room.wakeUntil("it is delivered", isSettled(room));
    expect(received).toHaveLength(1);
  });
});

describe("addresses", () => {
  const refused = [
    "https://10.0.0.1/",
    "https://169.254.169.254/latest",
    "https://0xa9fea9fe/",
    "https://[::ffff:192.168.0.1]/",
    "https://metadata.google.internal/",
    "https://user:pass@example.com/",
  ];
  test.for(refused)("[D6] %s is refused, and no session is opened with it", async (webhook_url) => {
    const room = new RoomUnderTest(newSession());
    const answer = await send("POST", "/v1/sessions", { session_id: room.sessionId, webhook_url });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ code: "invalid_webhook_url" });
    expect((await get(room.sessionId, "state")).status).toBe(404);
    await createSession(room.sessionId, {});
    expect((await send("PATCH", `/v1/sessions/${room.sessionId}`, { webhook_url })).status).toBe(400);
  });

  test.for([["ftp://example.com/"], ["example.com"], [7], [`https://example.com/${"x".repeat(2_048)}`]])(
    "[D6] %s is no address",
    async ([webhook_url]) => {
      const answer = await send("POST", "/v1/sessions", { webhook_url });
      expect([answer.status, (await answer.json<{ code: string }>()).code]).toEqual([400, "bad_request"]);
    },
  );

  test("[D6] looked at again before each try: outside development this machine gets nothing", async () => {
    const room = new RoomUnderTest(newSession());
    const webhook_url = "http://127.0.0.1:9/";
    await createSession(room.sessionId, { webhook_url });
    setVariables(room.sessionId, { AUTH_MODE: "required" });
    await room.evict();
    await finalize(room);
    await room.wakeUntil("it is given up", isSettled(room), dayOfAlarms);
    expect(await onlyDelivery(room)).toMatchObject({ state: "dead", attempts: 1, last_error: "refused" });
  });

  test("[N3] asked for twice with one address it is no conflict; with another, or none, it is", async () => {
    const id = newSession();
    const create = (webhook_url: string | null): Promise<Response> =>
      send("POST", "/v1/sessions", { session_id: id, webhook_url });
    expect((await create(hookUrl(id))).status).toBe(201);
    expect((await create(hookUrl(id))).status).toBe(200);
    expect((await create(`${hookUrl(id)}&x`)).status).toBe(409);
    expect((await create(null)).status).toBe(409);
    const answer = await send("PATCH", `/v1/sessions/${id}`, { webhook_url: null });
    expect(await answer.json()).not.toHaveProperty("webhook_origin");
    expect((await create(null)).status).toBe(200);
  });
});
