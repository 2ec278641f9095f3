/**
 * JSON of which nothing is lost on the way in (SPEC U5): what is read from the text, written again, says the same. `JSON.parse`
 * alone rounds numbers, keeps the last of two equal names, and lets half a character through. Pure; itself without recursion.
 */
import { err, ok, type Result } from "./lib/result.ts";
import { parseJson } from "./lib/parse-json.ts";

/** What is wrong in a text, and where: names and places of lists, with dots; empty for the whole. */
export interface Loss {
  readonly path: string;
  readonly message: string;
}

/** @returns the value; `not_json` for what is no JSON at all. */
export function parseExactJson(text: string): Result<unknown, "not_json" | Loss> {
  let value: unknown;
  try {
    value = parseJson(text);
  } catch {
    return err("not_json");
  }
  const loss = lossIn(text);
  return loss ? err(loss) : ok(value);
}

/** An object or a list that is open at this place of the text. */
interface Open {
  /** The names that it has so far; undefined for a list. */
  readonly names: Set<string> | undefined;
  /** Name or place of the value that is read. */
  at: string | number;
  isNameNext: boolean;
}

/** A pair of them is one character to a pattern of code points. */
const loneSurrogate = /\p{Surrogate}/u;

/** @param text JSON that `JSON.parse` reads. */
function lossIn(text: string): Loss | undefined {
  const opened: Open[] = [];
  let open: Open | undefined;
  const lossAt = (message: string): Loss => ({ path: opened.map(({ at }) => at).join("."), message });
  for (let i = 0; i < text.length;) {
    const char = text[i] ?? "";
    if (char === '"') {
      const end = endOfString(text, i);
      const string = stringOf(text.slice(i, end));
      if (open?.isNameNext === true) {
        open.at = string;
        if (open.names?.has(string)) return lossAt("stands there twice");
        if (string === "__proto__") return lossAt("is a name that can't be kept");
        open.names?.add(string);
      }
      if (loneSurrogate.test(string)) return lossAt("holds half of a character (a lone surrogate)");
      i = end;
      continue;
    }
    if (char === "-" || (char >= "0" && char <= "9")) {
      const end = endOfNumber(text, i);
      if (!isExact(text.slice(i, end))) {
        return lossAt("is a number with more digits, or of another size, than a double holds; send it as a string");
      }
      i = end;
      continue;
    }
    if (char === "{" || char === "[") {
      open = { names: char === "{" ? new Set() : undefined, at: char === "{" ? "" : 0, isNameNext: char === "{" };
      opened.push(open);
    } else if (char === "}" || char === "]") {
      opened.pop();
      open = opened.at(-1);
    } else if (char === ":" && open) {
      open.isNameNext = false;
    } else if (char === "," && open) {
      if (typeof open.at === "number") open.at += 1;
      else open.isNameNext = true;
    }
    i += 1;
  }
  return undefined;
}

function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text[end - 1 - slashes] === "\\") slashes += 1;
    if (slashes % 2 === 0) return end + 1;
  }
  throw new Error("a string of JSON without an end");
}

function stringOf(token: string): string {
  return token.includes("\\") ? String(JSON.parse(token)) : token.slice(1, -1);
}

function endOfNumber(text: string, start: number): number {
  const number = /[-+.0-9eE]+/y;
  number.lastIndex = start;
  number.exec(text);
  return number.lastIndex;
}

/** Any so many digits come back from a double as they were (IEEE 754). */
const safeDigits = 15;
/** As many digits tell any two doubles apart; what is sent with more is meant to be just that number. */
const enoughDigits = 17;
/** `toPrecision` writes no more. */
const maxDigits = 100;

/** Whether a number of JSON is, written with as many digits as it was sent with, in full or as JSON would write it, still itself. */
function isExact(token: string): boolean {
  if (token.length <= safeDigits && !/[eE]/.test(token)) return true;
  const sent = decimalOf(token);
  if (sent.digits === "") return true;
  const value = Number(token);
  if (!Number.isFinite(value) || value === 0 || sent.digits.length > maxDigits) return false;
  const digits = sent.digits.length > enoughDigits ? maxDigits : sent.digits.length;
  return [value.toPrecision(digits), String(value)].some((written) => {
    const read = decimalOf(written);
    return read.digits === sent.digits && read.exponent === sent.exponent;
  });
}

/** A number as `0.DIGITS × 10^exponent`, without noughts around; the sign aside. */
function decimalOf(token: string): { readonly digits: string; readonly exponent: number } {
  const [mantissa = "", power = "0"] = token.replace(/^-/, "").toLowerCase().split("e");
  const [whole = "", fraction = ""] = mantissa.split(".");
  const all = whole + fraction;
  const leading = /^0*/.exec(all)?.[0].length ?? 0;
  const digits = all.slice(leading).replace(/0+$/, "");
  return { digits, exponent: digits === "" ? 0 : whole.length - leading + Number(power) };
}
