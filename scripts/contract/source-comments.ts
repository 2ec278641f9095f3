/**
 * What the comments in `schemas/*.ts` say of each schema and its fields, so that the published contract says the same
 * without anybody writing it twice. Reads the files as text: zod knows nothing of comments.
 */
import { readFileSync } from "node:fs";

export interface SchemaComments {
  readonly description?: string;
  /** By field name, at any depth of the schema. */
  readonly fields: ReadonlyMap<string, string>;
}

interface Declaration {
  readonly comment?: string;
  readonly source: string;
}

/** @returns by the name of the constant, such as `sessionStateSchema`. */
export function readComments(path: URL): ReadonlyMap<string, SchemaComments> {
  const declarations = declarationsIn(readFileSync(path, "utf8"));
  return new Map(
    [...declarations].map(([name, { comment }]) => [
      name,
      { ...(comment === undefined ? {} : { description: comment }), fields: fieldsOf(name, declarations) },
    ]),
  );
}

const commentPattern = String.raw`/\*\*((?:(?!\*/)[^])*)\*/`;

function declarationsIn(text: string): Map<string, Declaration> {
  const found = new Map<string, Declaration>();
  const head = new RegExp(String.raw`^(?:${commentPattern}\n)?(?:export )?const (\w+)`, "gm");
  for (const match of text.matchAll(head)) {
    const [, comment, name = ""] = match;
    const from = match.index + match[0].length;
    // The first line that begins with a letter or a comment is the next declaration's.
    const length = text.slice(from).search(/\n(?=[a-z/])/);
    const source = text.slice(from, length < 0 ? undefined : from + length);
    found.set(name, { source, ...(comment === undefined ? {} : { comment: plain(comment) }) });
  }
  return found;
}

/** Its own, and those of what it spreads or extends. */
function fieldsOf(name: string, declarations: ReadonlyMap<string, Declaration>): Map<string, string> {
  const source = declarations.get(name)?.source;
  if (source === undefined) return new Map();
  const bases = [...source.matchAll(/\.\.\.(\w+)|^\s*=\s*(\w+)\s*\.(?:extend|partial)\b/g)];
  const inherited = bases.flatMap(([, spread, extended]) => [...fieldsOf(spread ?? extended ?? "", declarations)]);
  const own = source.matchAll(new RegExp(String.raw`${commentPattern}\s*(\w+)[:,]`, "g"));
  return new Map([
    ...inherited,
    ...[...own].map(([, text = "", field = ""]): [string, string] => [field, plain(text)]),
  ]);
}

/** The words of a comment, without its stars. */
function plain(comment: string): string {
  return comment.replaceAll(/\s*\n\s*\*? ?/g, " ").trim();
}
