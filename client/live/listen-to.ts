/** `listen` at the gateway of a results client, with its credential. */
import type { Door } from "../results/exchange.ts";
import { listen, type ListenOptions } from "./listen.ts";
import type { LivePiece } from "./live-piece.ts";

/** @param path of the session's `…/live`. */
export async function* listenTo(
  { baseUrl, token }: Door,
  path: string,
  options: ListenOptions = {},
): AsyncGenerator<LivePiece, void, undefined> {
  const url = new URL(path, baseUrl);
  url.protocol = url.protocol.replace(/^http/, "ws");
  url.search = "?topics=live";
  let first = await token();
  const hasToken = first !== undefined;
  const next = async (): Promise<string> => {
    const given = first ?? (await token());
    first = undefined;
    return given ?? "";
  };
  yield* listen({ url: url.href, token: hasToken ? next : undefined }, options);
}
