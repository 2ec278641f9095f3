/**
 * Whose work is being done: the subject of the request, frame or job under way, which all that it begins inherits, across
 * `await`s and timers. So each line bears its trace, tenant and session, though whoever writes it knows none of them.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { LogSubject } from "./log.ts";

interface Context {
  readonly subject: LogSubject;
  /** The code of the problem that was answered. */
  code?: string;
}

const storage = new AsyncLocalStorage<Context>();

/** Does work as a part of what is known already; a field that is undefined stays as it was. */
export function within<T>(subject: LogSubject, work: () => T): T {
  return storage.run({ subject: { ...currentSubject(), ...known(subject) } }, work);
}

export function currentSubject(): LogSubject {
  return storage.getStore()?.subject ?? {};
}

/** Says with which code the work under way is refused, for its line. */
export function noteCode(code: string): void {
  const context = storage.getStore();
  if (context) context.code = code;
}

export function notedCode(): string | undefined {
  return storage.getStore()?.code;
}

function known(subject: LogSubject): LogSubject {
  return Object.fromEntries(Object.entries(subject).filter(([, value]) => value !== undefined));
}
