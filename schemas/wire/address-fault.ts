/** Why no gateway can be at an address that was given for one, as the rest of a sentence; undefined where one may be. Pure. */
export function addressFault(address: string): string | undefined {
  if (!URL.canParse(address)) return "is no address, such as https://example.com";
  const { username, password, search, hash, pathname } = new URL(address);
  if (username !== "" || password !== "") return "has a user name or password in it, where logs keep them";
  if (search !== "" || hash !== "") return "ends before any ? or #: the gateway's address alone";
  return /(?:^|\/)v1(?:\/|$)/.test(pathname) ? "ends before /v1: the gateway's address alone" : undefined;
}
