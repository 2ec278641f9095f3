/**
 * Whether a gateway that does not open a connection wants a credential: it refuses one without any at the handshake, of which
 * neither browsers nor Node's own WebSocket show the answer. Asked over HTTP, where the answer can be read.
 */

const askTimeoutMs = 5_000;

/** @param url of the connection, `wss://…/v1/audio/ws/SESSION` or `wss://…/v1/sessions/SESSION/live`. @returns false where it can't be found out. */
export async function asksForCredential(url: string): Promise<boolean> {
  const address = new URL(url);
  const [, before = "", sessionId = ""] = /^(.*)\/v1\/(?:audio\/ws|sessions)\/([^/]+)/.exec(address.pathname) ?? [];
  address.protocol = address.protocol === "wss:" ? "https:" : "http:";
  address.search = "";
  address.pathname = `${before}/v1/sessions/${sessionId}/state`;
  try {
    const { status, body } = await fetch(address, { signal: AbortSignal.timeout(askTimeoutMs) });
    await body?.cancel();
    return status === 401;
  } catch {
    // Nothing answers there now: it is tried again.
    return false;
  }
}
