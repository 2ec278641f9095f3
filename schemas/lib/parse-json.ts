/**
 * `JSON.parse`, right where Node's is not: once an object with the name `\` was read, V8 13 and 14 (Node 24, 26; not workerd's, 15)
 * take another object's name that begins with an escape (`"\""`, `"\n"`) for that one (nodejs/node#63785). Texts with a name that
 * holds an escape, which are few, are put together here; all others are the runtime's. Without recursion, as the runtime's is.
 */

/** An object's name with an escape in it, from its last escape on. */
const escapedName = /\\[^][^"\\]*"\s*:/;

/**
 * @returns the value of a text that is JSON.
 * @throws SyntaxError as `JSON.parse` does.
 */
export function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  return escapedName.test(text) ? valueOf(text) : value;
}

interface Open {
  readonly into: unknown[] | Record<string, unknown>;
  name: string | undefined;
}

/** @param text JSON that `JSON.parse` reads, so that commas and colons need no look. */
function valueOf(text: string): unknown {
  const opened: Open[] = [];
  let last: unknown;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\[^])*"|[^\s,:"[\]{}]+|[[\]{}]/g)) {
    const open = opened.at(-1);
    if (token === "]" || token === "}") {
      last = opened.pop()?.into;
      continue;
    }
    if (open && !Array.isArray(open.into) && open.name === undefined) {
      open.name = JSON.parse(token) as string;
      continue;
    }
    last = token === "[" ? [] : token === "{" ? {} : (JSON.parse(token) as unknown);
    if (open) put(open, last);
    if (token === "[" || token === "{") opened.push({ into: last as Open["into"], name: undefined });
  }
  return last;
}

function put(open: Open, value: unknown): void {
  if (Array.isArray(open.into)) {
    open.into.push(value);
    return;
  }
  // Not by assignment, which would make `__proto__` the object's prototype.
  Object.defineProperty(open.into, open.name ?? "", { value, configurable: true, enumerable: true, writable: true });
  open.name = undefined;
}
