/** What the package `ws` needs to let go of a connection, and to carry samples cheaply. Other WebSockets are left as they are. */

/** How long the other side may take to answer a close. */
const closeTimeoutMs = 1_000;

interface WsOptions {
  readonly closeTimeout: number;
  readonly perMessageDeflate: boolean;
}
type WsClass = new (url: string, protocols: string[], options: WsOptions) => object;

/**
 * The package `ws` holds a socket, and with it the process, for 30 s where the other side does not answer the close.
 * It is told apart by `terminate`, which browsers' sockets and Node's own have not.
 */
export function withCloseTimeout(given: unknown): unknown {
  const isWs = typeof given === "function" && "terminate" in (given.prototype as object);
  if (!isWs) return given;
  return class extends (given as WsClass) {
    constructor(url: string, protocols: string[]) {
      // Samples hardly shrink, and packing them takes time.
      super(url, protocols, { closeTimeout: closeTimeoutMs, perMessageDeflate: false });
    }
  };
}
