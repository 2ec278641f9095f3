/** The HTTP routes, called through the Worker. */
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
  return gateway(`/v1/sessions/${sessionId}/${route}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
}

export function resolve(sessionId: string, headers: Record<string, string> = {}, body: object = {}): Promise<Response> {
  return post(sessionId, "resolve", { audio: { content_b64: "AAAA", format: "pcm_s16le" }, ...body }, headers);
}
