/**
 * The one reading of a request's path (SPEC N1): each part is percent-decoded once, as UTF-8, and checked afterwards. All
 * spellings of a path have one canonical form, which routers match; both Workers read paths through this file alone.
 */

/**
 * The path in its canonical spelling: each part decoded once and escaped anew where it has to be. A part that can't be decoded
 * stays as it is. The option `getPath` of a router.
 */
export function canonicalPath({ url }: { readonly url: string }): string {
  const { pathname } = new URL(url);
  if (!pathname.includes("%")) return pathname;
  return pathname
    .split("/")
    .map((part) => (isDecodable(part) ? encodeURIComponent(decodeURIComponent(part)) : part))
    .join("/");
}

/** Whether every `%` of a text begins an escape, and the bytes of its escapes are UTF-8. */
export function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    // URIError: that is the answer.
    return false;
  }
}

/** The parts of a path, as they were sent. */
export function rawPartsOf({ url }: { readonly url: string }): readonly string[] {
  return new URL(url).pathname.split("/");
}

/** The names and values of a query, as they were sent. */
export function rawQueryOf({ url }: { readonly url: string }): readonly (readonly [name: string, value: string])[] {
  const { search } = new URL(url);
  const pairs = search.slice(1).split("&");
  return pairs.flatMap((pair) => {
    if (pair === "") return [];
    const [name = "", ...value] = pair.split("=");
    return [[name, value.join("=")] as const];
  });
}
