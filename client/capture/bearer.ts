/** A credential as an upgrade carries it: browsers let a page set no header there (SPEC P1). */

/** RFC 9110 §5.6.2, which RFC 6455 §4.1 asks of subprotocols. */
const tokenPattern = /^[!#$%&'*+.^_`|~\w-]+$/;

/** @throws Error, which quotes nothing: browsers would refuse such a subprotocol with a message that does. */
export function bearerSubprotocol(credential: unknown): string {
  if (typeof credential === "string" && tokenPattern.test(credential)) return `bearer.${credential}`;
  throw new Error("the token provider gave something that can be no token");
}
