/** Names of files as ids of documents, and back: what an id can't hold is written as `~` and two hex digits. Pure. */
const plainId = /^[A-Za-z0-9][A-Za-z0-9._-]*\.(?:md|txt)$/;
const encodedPrefix = "f~";
const maxIdChars = 128;
const conflictPattern = /\.conflict-[0-9a-f]{8}\.[a-z]+$/;

/** @returns undefined for a file that is no document, or whose name is too long for an id. */
export function idOfFile(name: string): string | undefined {
  if (!/\.(md|txt)$/.test(name) || name.startsWith(".") || isConflictFile(name)) return undefined;
  const id = plainId.test(name) ? name : `${encodedPrefix}${encoded(name.normalize("NFC"))}`;
  return id.length <= maxIdChars ? id : undefined;
}

/** Whether a file holds what came second in a conflict. */
export function isConflictFile(name: string): boolean {
  return conflictPattern.test(name);
}

/** @returns a name that stays in its folder, whatever the id says. */
export function fileOfId(id: string, mediaType: string | undefined): string {
  const decoded = id.startsWith(encodedPrefix) ? decodedName(id.slice(encodedPrefix.length)) : undefined;
  const name = decoded !== undefined && idOfFile(decoded) === id ? decoded : id;
  return /\.(md|txt)$/.test(name) ? name : `${name}.${mediaType === "text/markdown" ? "md" : "txt"}`;
}

/** Which document has which file, where upper and lower case, or two ways to write an accent, may be one file. */
export class FileNames {
  readonly #keys = new Map<string, string>();

  /** @param taken documents, by any key, and the names of their files. Where two have one name, it is the first one's. */
  constructor(taken: Iterable<readonly [key: string, name: string]>) {
    for (const [key, name] of taken) this.#take(key, name);
  }

  /** @returns the name that is wanted, or one like it that no other document has. */
  free(key: string, wanted: string): string {
    const dot = wanted.lastIndexOf(".");
    for (let n = 0; ; n += 1) {
      const name = n === 0 ? wanted : `${wanted.slice(0, dot)}~${n}${wanted.slice(dot)}`;
      if (this.#take(key, name)) return name;
    }
  }

  #take(key: string, name: string): boolean {
    const folded = name.normalize("NFC").toLowerCase();
    const holder = this.#keys.get(folded) ?? key;
    this.#keys.set(folded, holder);
    return holder === key;
  }
}

/** Beside the file that it is about. */
export function conflictFile(name: string, conflictId: string): string {
  const dot = name.lastIndexOf(".");
  const short = [...new TextEncoder().encode(conflictId)].reduce((hash, byte) => (hash * 31 + byte) >>> 0, 7);
  return `${name.slice(0, dot)}.conflict-${short.toString(16).padStart(8, "0")}${name.slice(dot)}`;
}

function encoded(name: string): string {
  const bytes = new TextEncoder().encode(name);
  return Array.from(bytes, (byte) => {
    const char = String.fromCharCode(byte);
    return /[A-Za-z0-9._-]/.test(char) ? char : `~${byte.toString(16).padStart(2, "0")}`;
  }).join("");
}

function decodedName(text: string): string | undefined {
  try {
    const name = decodeURIComponent(text.replaceAll("%", "%25").replaceAll("~", "%"));
    return /[/\\\0]/.test(name) || name.startsWith(".") ? undefined : name;
  } catch {
    return undefined;
  }
}
