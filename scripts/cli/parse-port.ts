import { Failure } from "../../schemas/lib/failure.ts";

/** A port number, 0 for any free one. `name` is what the person set it with. */
export function parsePort(name: string, text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) throw new Failure(`${name} must be a port number, not "${text}".`);
  return port;
}
