/** The HTTP routes, called through the Worker. */
import type { RoomEvent } from "../../../schemas/speech/events.ts";
import { eventsPageSchema } from "../../../schemas/http/events.ts";
import { gateway } from "./bindings.ts";

export function get(sessionId: string, route: string): Promise<Response> {
  return gateway(`/v1/sessions/${sessionId}/${route}`);
}

export function post(
  sessionId: string,
  route: string,
  body: object = {},
  headers: Record<string, string> = {},
): Promise<Response> {
  return send("POST", `/v1/sessions/${sessionId}/${route}`, body, headers);
}

export function send(
  method: string,
  path: string,
  body: object = {},
  headers: Record<string, string> = {},
): Promise<Response> {
  return gateway(path, {
    method,
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
}

/** Opens a session with settings; throws where it is refused. */
export async function createSession(sessionId: string, config: object): Promise<void> {
  const answer = await send("POST", "/v1/sessions", { session_id: sessionId, ...config });
  if (answer.status !== 201) throw new Error(`not created: ${answer.status} ${await answer.text()}`);
}

/** The session's whole log. */
export async function eventsOf(sessionId: string): Promise<RoomEvent[]> {
  const answer = await get(sessionId, "events?limit=1000");
  return eventsPageSchema.parse(await answer.json()).events;
}

export async function eventsOfType(sessionId: string, type: RoomEvent["type"]): Promise<RoomEvent[]> {
  return (await eventsOf(sessionId)).filter((event) => event.type === type);
}

export function resolve(sessionId: string, headers: Record<string, string> = {}, body: object = {}): Promise<Response> {
  return post(sessionId, "resolve", { audio: { content_b64: "AAAA", format: "pcm_s16le" }, ...body }, headers);
}
