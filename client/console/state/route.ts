/**
 * Which view is shown, by the fragment of the address: the gateway's own 404s stay what they are, and a token in a shared
 * link never reaches a server. A token is taken out of the address as soon as it was read.
 */
import { signal } from "@preact/signals";
import { sessionIdPattern } from "../../index.ts";
import { isOfLink, keepCredential } from "./access.ts";

export type Route =
  | { readonly view: "meetings" | "capture" | "talk" | "documents" | "usage" | "operate" | "settings" | "unknown" }
  | { readonly view: "meeting"; readonly sessionId: string };

export const route = signal<Route>(readAddress());

globalThis.addEventListener("hashchange", () => {
  route.value = readAddress();
  globalThis.scrollTo(0, 0);
});

export const addressOf = {
  meetings: "#/",
  capture: "#/record",
  talk: "#/talk",
  documents: "#/documents",
  usage: "#/usage",
  operate: "#/operate",
  settings: "#/settings",
  meeting: (sessionId: string): string => `#/m/${encodeURIComponent(sessionId)}`,
  /** A link for others: the token stays in the fragment. */
  shared: (sessionId: string, token: string): string =>
    `${location.origin}${location.pathname}#/m/${encodeURIComponent(sessionId)}?token=${token}`,
} as const;

export function goTo(address: string): void {
  location.hash = address;
}

function readAddress(): Route {
  const [path = "", query = ""] = location.hash.replace(/^#/, "").split("?", 2);
  const shown = routeOf(path);
  const token = new URLSearchParams(query).get("token");
  if (token !== null) {
    if (shown.view === "meeting" && isOfLink(token, shown.sessionId)) keepCredential(token);
    history.replaceState(null, "", `#${path}`);
  }
  return shown;
}

function routeOf(path: string): Route {
  const [, view = "", part = ""] = path.split("/");
  switch (view) {
    case "":
      return { view: "meetings" };
    case "record":
      return { view: "capture" };
    case "talk":
      return { view: "talk" };
    case "documents":
      return { view: "documents" };
    case "usage":
      return { view: "usage" };
    case "operate":
      return { view: "operate" };
    case "settings":
      return { view: "settings" };
    case "m":
      return meetingRoute(part);
    default:
      return { view: "unknown" };
  }
}

function meetingRoute(part: string): Route {
  try {
    const sessionId = decodeURIComponent(part);
    return sessionIdPattern.test(sessionId) ? { view: "meeting", sessionId } : { view: "unknown" };
  } catch {
    return { view: "unknown" };
  }
}
