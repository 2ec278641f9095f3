/** Which of the client's offers a socket speaks, and so in which encoding it is answered (SPEC W3). Pure. */
import type { Encoding } from "../../../schemas/wire/codec.ts";
import { jsonSubprotocol, msgpackSubprotocol } from "../../../schemas/wire/messages.ts";
import { bearerSubprotocol } from "../../shared/access/presented.ts";

export interface Subprotocol {
  readonly encoding: Encoding;
  /** Of the answer to the upgrade. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * The first offer that the room speaks, else JSON. A client that offered its token alone gets that back: browsers give
 * up where none of their offers is taken.
 */
export function chooseSubprotocol(offer: string | undefined): Subprotocol {
  const offered = offer?.split(",").map((name) => name.trim()) ?? [];
  const spoken = offered.find((name) => name === jsonSubprotocol || name === msgpackSubprotocol);
  const chosen = spoken ?? offered.find((name) => name.startsWith(bearerSubprotocol));
  return {
    encoding: chosen === msgpackSubprotocol ? "msgpack" : "json",
    headers: chosen === undefined ? {} : { "sec-websocket-protocol": chosen },
  };
}
