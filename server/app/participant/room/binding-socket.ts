/**
 * A WebSocket class for the capture library whose connections go to the gateway over the app's binding, and nowhere else. It has what
 * the library asks of one: events, states, `send`, `close`.
 */
export interface SocketFetcher {
  fetch(request: Request): Promise<Response>;
}

type Sent = string | ArrayBuffer | ArrayBufferView;

const states = { CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 } as const;

/** @param headers that go with every upgrade. */
export function socketsTo(gateway: SocketFetcher, headers: Readonly<Record<string, string>>): unknown {
  return class BindingSocket extends EventTarget {
    static readonly CONNECTING = states.CONNECTING;
    static readonly OPEN = states.OPEN;
    static readonly CLOSING = states.CLOSING;
    static readonly CLOSED = states.CLOSED;
    readonly CONNECTING = states.CONNECTING;
    readonly OPEN = states.OPEN;
    readonly CLOSING = states.CLOSING;
    readonly CLOSED = states.CLOSED;
    readonly url: string;
    readonly extensions = "";
    /** What was sent is on its way: the binding holds nothing back. */
    readonly bufferedAmount = 0;
    binaryType = "arraybuffer";
    protocol = "";
    readyState: number = states.CONNECTING;
    #socket: WebSocket | undefined;

    constructor(url: string | URL, protocols: string | string[] = []) {
      super();
      this.url = String(url);
      void this.#open(typeof protocols === "string" ? [protocols] : protocols);
    }

    send(data: Sent): void {
      if (this.readyState === states.OPEN) this.#socket?.send(data);
    }

    close(code?: number, reason?: string): void {
      if (this.readyState >= states.CLOSING) return;
      this.readyState = states.CLOSING;
      // Before it was open there is nothing to close: it is, once it opens.
      this.#socket?.close(code, reason);
      this.#end(code ?? 1000, reason ?? "");
    }

    async #open(protocols: readonly string[]): Promise<void> {
      try {
        const asked = { upgrade: "websocket", "sec-websocket-protocol": protocols.join(", "), ...headers };
        const url = this.url.replace(/^ws/, "http");
        const answer = await gateway.fetch(new Request(url, { headers: asked }));
        const socket = answer.webSocket;
        if (!socket) throw new Error(`the gateway answered ${answer.status}`);
        socket.binaryType = "arraybuffer";
        socket.accept();
        if (this.readyState !== states.CONNECTING) {
          socket.close(1000, "left");
          return;
        }
        socket.addEventListener("message", ({ data }) => {
          if (this.readyState === states.OPEN) this.dispatchEvent(new MessageEvent("message", { data }));
        });
        socket.addEventListener("close", ({ code, reason }) => this.#end(code, reason));
        socket.addEventListener("error", () => this.#end(1006, ""));
        this.#socket = socket;
        this.protocol = answer.headers.get("sec-websocket-protocol") ?? "";
        this.readyState = states.OPEN;
        this.dispatchEvent(new Event("open"));
      } catch (cause) {
        if (this.readyState === states.CONNECTING)
          this.dispatchEvent(new ErrorEvent("error", { message: String(cause), error: cause }));
        this.#end(1006, "");
      }
    }

    #end(code: number, reason: string): void {
      if (this.readyState === states.CLOSED) return;
      this.readyState = states.CLOSED;
      this.#socket = undefined;
      this.dispatchEvent(new CloseEvent("close", { code, reason, wasClean: code !== 1006 }));
    }
  };
}
