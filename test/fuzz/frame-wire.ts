/** One connection as the fuzzer uses it, over whatever socket there is: one frame out, what must come back in. */
import type { ProtocolSocket } from "../../client/testkit/protocol-socket.ts";
import { Failure } from "../../schemas/lib/failure.ts";
import type { Frame } from "./build-frame.ts";
import type { Heard } from "./check-replies.ts";
import { Finding } from "./finding.ts";

/** How a connection that is fuzzed waits. Events come when they come: they are checked where the log is. */
export const fuzzedSocket = { waitMs: 20_000, ignores: ["event"] } as const;

export class FrameWire {
  readonly #socket: ProtocolSocket;

  constructor(socket: ProtocolSocket) {
    this.#socket = socket;
  }

  /** Sends a frame and waits for so many messages, and for the close where one must follow. @throws Finding */
  async exchange(frame: Frame, replies: number, mustClose: boolean): Promise<Heard> {
    try {
      const messages = await this.#socket.exchange(frame, replies, mustClose);
      return { messages, close: this.#socket.close?.code };
    } catch (cause) {
      if (cause instanceof Failure) throw new Finding(cause.message, { cause });
      throw cause;
    }
  }

  end(): void {
    if (!this.#socket.close) this.#socket.end();
  }
}
