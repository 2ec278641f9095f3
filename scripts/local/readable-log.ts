/**
 * What the local runtime prints, as lines for people: the Workers' JSON lines as `10:04:03 warn archive.put_failed seq=7 …`, and
 * a stack as its first line. The Workers' lines on what went well are for those who ask; the file has all. Pure.
 */
import { styleText } from "node:util";
import * as z from "zod";
import { plainJson } from "../../schemas/plain-json.ts";

export interface Printed {
  readonly level: string;
  readonly message: string;
}

export interface ReadableOptions {
  /** Local time. */
  readonly now: Date;
  /** Whether levels are coloured: on a terminal that wants it. */
  readonly isColoured: boolean;
  /** Whether stacks are printed whole. */
  readonly withStacks: boolean;
  /** Whether what went well is printed too. */
  readonly withInfo?: boolean;
}

const lineSchema = z
  .object({ level: z.string(), event: z.string() })
  .catchall(z.union([z.string(), z.number(), z.boolean()]));
const colours: Readonly<Record<string, "red" | "yellow" | undefined>> = { error: "red", warn: "yellow" };
const stackLine = /^\s+at\s/;
// eslint-disable-next-line no-control-regex
const escapes = /\u001b\[[0-9;]*m/g;

/** What steers a terminal, but for the ends of a stack's lines. */
const steering = /(?![\n\t])[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu;

/** So workerd begins what it tells its own developers and no operator can do anything about. */
const ofRuntime = "NOSENTRY ";

/**
 * So workerd tells that two had a file of the state at once: this process makes the list's anew after a deletion, and a Worker that
 * reads meanwhile is told, asks again, and says itself where that did not help. Other files are let alone while they are made anew.
 */
const lockedFile = /^e = workerd\/util\/sqlite\.c\+\+:\d+: .*SQLITE_BUSY/;

/** One line without its end; undefined where there is nothing to say. */
export function readableLog({ level, message }: Printed, options: ReadableOptions): string | undefined {
  const text = message.replaceAll(escapes, "").trim();
  if (text === "") return undefined;
  const said = structured(text);
  if (lockedFile.test(text) && !options.withStacks) {
    return lineOf("warn", "a file of the state was locked for a moment (SQLITE_BUSY)", options);
  }
  const shown = said?.level ?? level;
  if ((said?.level === "info" || text.startsWith(ofRuntime)) && options.withInfo !== true) return undefined;
  return lineOf(shown, said?.text ?? condensed(text, options.withStacks).replaceAll(steering, "\uFFFD"), options);
}

function lineOf(level: string, text: string, { now, isColoured }: ReadableOptions): string {
  return `${now.toTimeString().slice(0, 8)} ${levelWord(level, isColoured)} ${text}`;
}

function structured(text: string): { readonly level: string; readonly text: string } | undefined {
  if (!text.startsWith("{")) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const parsed = lineSchema.safeParse(value);
  if (!parsed.success) return undefined;
  const { level, event, ...fields } = parsed.data;
  return { level, text: [event, ...readableFields(fields)].join(" ") };
}

export function readableFields(fields: Readonly<Record<string, string | number | boolean | undefined>>): string[] {
  return Object.entries(fields).map(([name, field]) => `${name}=${quoted(String(field))}`);
}

/** So that a field's end is seen, a line stays one, and what somebody else said in it steers no terminal. */
function quoted(value: string): string {
  return /^[^\s"=\p{Cc}\u202a-\u202e\u2066-\u2069]+$/u.test(value) ? value : plainJson(value);
}

/** The first line, and how much of a stack was left out. */
function condensed(text: string, withStacks: boolean): string {
  if (withStacks) return text;
  const lines = text.split("\n").map((line) => line.trimEnd());
  const said = lines.filter((line) => line !== "" && !stackLine.test(line)).map((line) => line.trim());
  const left = lines.filter((line) => stackLine.test(line)).length;
  const first = said.join(" · ");
  return left === 0 ? first : `${first} (and ${left} lines of stack: ROOMTONE_STACKS=1 prints them)`;
}

function levelWord(level: string, isColoured: boolean): string {
  const colour = colours[level];
  return isColoured && colour ? styleText(colour, level, { validateStream: false }) : level;
}
