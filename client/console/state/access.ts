/**
 * The credential of this tab: none where the gateway asks for none, else an API key or a session token. Kept in memory and in
 * sessionStorage, which ends with the tab; never in localStorage, and never in a query.
 *
 * Whoever needs another one (`anotherCredential`) waits for the person: one dialog asks for all that wait.
 */
import { computed, signal } from "@preact/signals";
import { claimsOf } from "./token-claims.ts";

const storeName = "roomtone.credential";

export interface Credential {
  readonly kind: "key" | "token";
  readonly text: string;
  /** What a session token says of itself; the gateway alone knows whether it is true. */
  readonly sessionId: string | undefined;
  readonly role: string | undefined;
  /** ms since 1970. */
  readonly expiresAt: number | undefined;
}

export const credential = signal<Credential | undefined>(readStored());

/** Why the person is asked for a credential now; undefined: they are not. */
export const askingFor = signal<string | undefined>(undefined);

/** Whether the person put it off: what asks again and again by itself leaves them alone from then on. */
export const hasDeclined = signal(false);
/** Counts what they gave after they had put it off. */
export const timesGiven = signal(0);

/** The one meeting that a session token is for. */
export const onlySession = computed(() => credential.value?.sessionId);

const waiting: ((given: Credential | undefined) => void)[] = [];

/** Asks the person. @returns undefined where they would rather not. */
export function anotherCredential(reason: string): Promise<Credential | undefined> {
  if (hasDeclined.value) return Promise.resolve(undefined);
  askingFor.value ??= reason;
  return new Promise((resolve) => waiting.push(resolve));
}

/** The person would rather be asked now. */
export async function askAgain(): Promise<void> {
  hasDeclined.value = false;
  if (await anotherCredential("Enter an API key, or the token of a meeting.")) timesGiven.value += 1;
}

/** The person has answered. */
export function answerCredential(text: string | undefined): void {
  if (text === undefined) hasDeclined.value = true;
  else keepCredential(text);
  askingFor.value = undefined;
  for (const resolve of waiting.splice(0)) resolve(text === undefined ? undefined : credential.value);
}

export function keepCredential(text: string): void {
  hasDeclined.value = false;
  credential.value = parseCredential(text);
  write(text);
}

export function forgetCredential(): void {
  credential.value = undefined;
  write(undefined);
}

/** What every credential looks like; `undefined`: not this. */
export function parseCredential(text: string): Credential | undefined {
  const trimmed = text.trim().replace(/^bearer\s+/i, "");
  if (!/^[\x21-\x7e]{8,}$/.test(trimmed)) return undefined;
  if (trimmed.startsWith("rt_"))
    return { kind: "key", text: trimmed, sessionId: undefined, role: undefined, expiresAt: undefined };
  const claims = claimsOf(trimmed);
  const string = (...names: string[]): string | undefined =>
    names.map((name) => claims[name]).find((value) => typeof value === "string");
  const expires = claims["exp"];
  return {
    kind: "token",
    text: trimmed,
    sessionId: string("session_id", "interviewId"),
    role: string("role"),
    expiresAt: typeof expires === "number" ? expires * 1_000 : undefined,
  };
}

/**
 * Whether a link may bring this token: to see or correct the one meeting that the link shows. Any other would have whoever follows a
 * stranger's link work, or record, with a stranger's credential; and a key has no place in an address.
 */
export function isOfLink(text: string, sessionId: string): boolean {
  const given = parseCredential(text);
  return given?.kind === "token" && given.role !== "capture" && given.sessionId === sessionId;
}

function readStored(): Credential | undefined {
  try {
    const stored = sessionStorage.getItem(storeName);
    return stored === null ? undefined : parseCredential(stored);
  } catch {
    return undefined;
  }
}

function write(text: string | undefined): void {
  try {
    if (text === undefined) sessionStorage.removeItem(storeName);
    else sessionStorage.setItem(storeName, text);
  } catch {
    // It stays in memory, then.
  }
}
