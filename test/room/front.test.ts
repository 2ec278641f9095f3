/** The gateway as the front of both Workers: what the app gets, what it never gets, and what holds where there is none. */
import { describe, expect, test } from "vitest";
import type { AppBinding } from "../../server/gateway/env.ts";
import { parsePrincipal, principalHeader } from "../../server/shared/access/principal-header.ts";
import { bindings } from "./support/bindings.ts";
import { bearer, gatewayWith, guarded, keyFor, ownOrigin, required, tokenWith } from "./support/doors.ts";

/** An app that notes what it gets. */
function notingApp(answer: (request: Request) => Response | Promise<Response> = () => new Response("from the app")) {
  const got: Request[] = [];
  const app: AppBinding = {
    fetch: async (request) => {
      got.push(request);
      return answer(request);
    },
    takeMeeting: () => Promise.reject(new Error("no meeting is told of here")),
  };
  const ask = gatewayWith({ ...required, RATE_LIMIT_PER_MINUTE: "off", APP: app });
  return { ask, got, app };
}

const codeOf = async (answer: Response): Promise<string> => (await answer.json<{ code: string }>()).code;
const { key } = await keyFor("acme", ["sessions:read"]);

describe("what the app gets", () => {
  test("[X2] who asks, the trace and the request; not the credential, and nothing that a client claims", async () => {
    const { ask, got } = notingApp();
    const trace = "0123456789abcdef0123456789abcdef";
    const answer = await ask("/v1/later?language=en", {
      method: "POST",
      body: "audio",
      headers: {
        ...bearer(key),
        "content-type": "audio/wav",
        traceparent: `00-${trace}-0123456789abcdef-01`,
        [principalHeader]: "forged",
        "x-roomtone-other": "forged",
      },
    });
    expect(await answer.text()).toBe("from the app");
    expect(answer.headers.get("x-trace-id")).toBe(trace);
    const [request] = got;
    expect(request?.url).toBe(`${ownOrigin}/v1/later?language=en`);
    expect(request?.method).toBe("POST");
    expect(await request?.text()).toBe("audio");
    expect(request?.headers.get("content-type")).toBe("audio/wav");
    expect(request?.headers.get("traceparent")).toMatch(new RegExp(`^00-${trace}-[0-9a-f]{16}-01$`));
    expect(request?.headers.get("authorization")).toBeNull();
    expect(request?.headers.get("x-roomtone-other")).toBeNull();
    expect(parsePrincipal(request?.headers.get(principalHeader) ?? undefined)).toMatchObject({
      ok: true,
      value: { kind: "key", tenant: "acme", scopes: ["sessions:read"] },
    });
  });

  test("[X2] a token, from wherever it came: its claims, with a subject that no header could hold", async () => {
    const { ask, got } = notingApp();
    const token = await tokenWith({ sub: "Zoë ☂", session_id: "s", role: "edit", tracks: ["mic"] });
    await ask(`/console?a=1&token=${token}&b=%20`);
    await ask("/app/socket", {
      headers: { upgrade: "websocket", "sec-websocket-protocol": `chat.v1, bearer.${token}` },
    });
    await ask("/app/socket", { headers: { upgrade: "websocket", "sec-websocket-protocol": `bearer.${token}` } });
    expect(got.map(({ url }) => url)).toEqual([
      `${ownOrigin}/console?a=1&b=+`,
      `${ownOrigin}/app/socket`,
      `${ownOrigin}/app/socket`,
    ]);
    expect(got.map(({ headers }) => headers.get("sec-websocket-protocol"))).toEqual([null, "chat.v1", null]);
    for (const { headers } of got) {
      expect([...headers.values()].join()).not.toContain(token);
      expect(parsePrincipal(headers.get(principalHeader) ?? undefined)).toMatchObject({
        ok: true,
        value: { kind: "token", subject: "Zoë ☂", sessionId: "s", role: "edit", tracks: ["mic"] },
      });
    }
  });

  test("[X2] nothing of what a stranger asks, but what is public: then nobody is named", async () => {
    const { ask, got } = notingApp();
    for (const path of ["/v1/later", "/console", "/index.html", "/assets/a/b.css", "/console/", "//docs", "//"]) {
      const answer = await ask(path, { headers: { [principalHeader]: "forged" } });
      expect([path, answer.status]).toEqual([path, 401]);
    }
    expect((await ask("/assets/app.js", { method: "POST" })).status).toBe(401);
    expect(got).toEqual([]);
    for (const path of ["/", "/docs", "/openapi.json", "/asyncapi.json", "/client.js", "/assets/app-0123.js"]) {
      expect((await ask(path, { headers: { [principalHeader]: "forged", ...bearer("rt_wrong") } })).status).toBe(200);
    }
    expect(got.map(({ headers }) => headers.get(principalHeader))).toEqual([null, null, null, null, null, null]);
  });

  test("[X2] [L1] a caller beyond its rate does not reach it", async () => {
    const { app, got } = notingApp();
    const ask = gatewayWith({ ...required, RATE_LIMIT_PER_MINUTE: "2", APP: app });
    const { key: own } = await keyFor("acme", ["sessions:read"]);
    const answers = [];
    for (const _ of [1, 2, 3]) answers.push((await ask("/v1/later", { headers: bearer(own) })).status);
    expect(answers).toEqual([200, 200, 429]);
    expect(got).toHaveLength(2);
  });

  test("[X2] [P8] a page from elsewhere does not reach it, with a credential or without", async () => {
    const { ask, got } = notingApp();
    const headers = { origin: "https://elsewhere.example", ...bearer(key) };
    expect((await ask("/v1/later", { headers })).status).toBe(403);
    expect((await ask("/docs", { headers })).status).toBe(403);
    expect(got).toEqual([]);
  });

  test("[X1] no method of a route of the gateway's own", async () => {
    const { ask, got } = notingApp();
    expect((await ask("/health", { method: "POST" })).status).toBe(405);
    expect((await ask("/docs", { method: "POST" })).status).toBe(405);
    expect(got).toEqual([]);
  });
});

describe("what the app answers", () => {
  test("[X1] goes through as it is: a redirect, a status, a socket; with the gateway's headers where it has none", async () => {
    const { ask } = notingApp((request) => {
      if (request.headers.get("upgrade") !== "websocket") {
        return new Response(null, { status: 303, headers: { location: "https://elsewhere.example/", "x-own": "1" } });
      }
      const { 0: client, 1: server } = new WebSocketPair();
      server.accept();
      server.addEventListener("message", ({ data }) => {
        server.send(`again: ${String(data)}`);
      });
      return new Response(null, { status: 101, webSocket: client });
    });
    const redirect = await ask("/elsewhere", { headers: bearer(key), redirect: "manual" });
    expect([redirect.status, redirect.headers.get("location")]).toEqual([303, "https://elsewhere.example/"]);
    expect(redirect.headers.get("x-own")).toBe("1");
    expect(redirect.headers.get("x-frame-options")).toBe("DENY");
    expect(redirect.headers.get("cache-control")).toBe("no-store");
    const { webSocket } = await ask("/app/socket", { headers: { ...bearer(key), upgrade: "websocket" } });
    const echoed = new Promise((resolve) => webSocket?.addEventListener("message", ({ data }) => resolve(data)));
    webSocket?.accept();
    webSocket?.send("hello");
    expect(await echoed).toBe("again: hello");
    webSocket?.close();
  });

  test("[X1] nothing, where it is down: 503, and the gateway's own routes serve on", async () => {
    const { ask } = notingApp(() => Promise.reject(new Error("the app is down")));
    const answer = await ask("/v1/later", { headers: bearer(key) });
    expect([answer.status, await codeOf(answer)]).toEqual([503, "app_unavailable"]);
    expect(answer.headers.get("retry-after")).toBe("1");
    expect((await ask("/health")).status).toBe(200);
  });

  test("[X1] nothing, where none is bound: every path of its is 404, for whoever asks", async () => {
    const ask = gatewayWith({ ...required, APP: undefined });
    for (const headers of [{}, bearer(key)]) {
      for (const path of ["/docs", "/openapi.json", "/assets/a.js", "/v1/later", "/"]) {
        const answer = await ask(path, { headers });
        expect([path, answer.status, await codeOf(answer)]).toEqual([path, 404, "not_found"]);
      }
    }
  });
});

describe("the app itself", () => {
  test("[X2] knows the principal that the gateway names, and no route but its own", async () => {
    const answer = await guarded("/nowhere", { headers: bearer(key) });
    expect([answer.status, await codeOf(answer)]).toEqual([404, "not_found"]);
  });

  test("[X2] a header that is no principal is the gateway's bug, and answered as one", async () => {
    const { APP } = bindings;
    const headers = { [principalHeader]: "%7B%7D" };
    expect((await APP?.fetch(new Request("https://gateway.test/docs", { headers })))?.status).toBe(500);
  });
});
