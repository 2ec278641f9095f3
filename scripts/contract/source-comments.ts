/**
 * Doc comments of `schemas/*.ts`, by the constant and the field that they stand before, so that the published contract says the
 * same without anybody writing it twice. zod knows nothing of comments, and its own `.meta()` would carry the prose into
 * every bundle that holds a schema.
 */
import { readFileSync } from "node:fs";
import { type Comment, parseSync, type VariableDeclarator, Visitor } from "oxc-parser";

export interface SchemaComments {
  readonly description?: string;
  /** By field name, at any depth of the schema. */
  readonly fields: ReadonlyMap<string, string>;
}

interface Declaration {
  readonly comment: string | undefined;
  readonly ownFields: readonly (readonly [name: string, comment: string])[];
  /** Constants whose fields this one has too: those that it spreads, extends or makes partial. */
  readonly bases: readonly string[];
}

const declarationsOf = new Map<string, ReadonlyMap<string, Declaration>>();

/** @param constant such as `sessionStateSchema`. Undefined where the file declares no such constant. */
export function readComments({ pathname }: URL, constant: string): SchemaComments | undefined {
  const declarations = declarationsOf.get(pathname) ?? declarationsIn(pathname);
  declarationsOf.set(pathname, declarations);
  const found = declarations.get(constant);
  if (found === undefined) return undefined;
  const fields = fieldsOf(constant, declarations);
  return found.comment === undefined ? { fields } : { description: found.comment, fields };
}

function fieldsOf(name: string, declarations: ReadonlyMap<string, Declaration>): ReadonlyMap<string, string> {
  const { bases = [], ownFields = [] } = declarations.get(name) ?? {};
  return new Map([...bases.flatMap((base) => [...fieldsOf(base, declarations)]), ...ownFields]);
}

function declarationsIn(path: string): ReadonlyMap<string, Declaration> {
  const text = readFileSync(path, "utf8");
  const { program, comments, errors } = parseSync(path, text);
  if (errors.length > 0) throw new Error(`${path} does not parse: ${errors[0]?.message ?? ""}`);
  const docs = comments.filter(({ type, value }) => type === "Block" && value.startsWith("*"));
  /** The doc comment that ends where something begins, with nothing but white space between. */
  const before = (start: number): string | undefined => {
    const doc = docs.findLast(({ end }) => end <= start);
    return doc && text.slice(doc.end, start).trim() === "" ? plain(doc) : undefined;
  };
  return new Map(
    program.body.flatMap((statement): [string, Declaration][] => {
      const inner = statement.type === "ExportNamedDeclaration" ? statement.declaration : statement;
      if (inner?.type !== "VariableDeclaration") return [];
      return inner.declarations.flatMap((one): [string, Declaration][] =>
        one.id.type === "Identifier"
          ? [[one.id.name, { comment: before(statement.start), ...partsOf(one, program, before) }]]
          : [],
      );
    }),
  );
}

type Program = ReturnType<typeof parseSync>["program"];

function partsOf(
  declarator: VariableDeclarator,
  program: Program,
  before: (start: number) => string | undefined,
): Pick<Declaration, "ownFields" | "bases"> {
  const ownFields: [string, string][] = [];
  const bases: string[] = [];
  const isInside = ({ start, end }: { start: number; end: number }): boolean =>
    declarator.start <= start && end <= declarator.end;
  new Visitor({
    Property(property) {
      const comment = before(property.start);
      if (!isInside(property) || comment === undefined || property.key.type !== "Identifier") return;
      ownFields.push([property.key.name, comment]);
    },
    SpreadElement(spread) {
      if (isInside(spread) && spread.argument.type === "Identifier") bases.push(spread.argument.name);
    },
    MemberExpression(member) {
      if (!isInside(member) || member.object.type !== "Identifier" || member.property.type !== "Identifier") return;
      if (["extend", "partial"].includes(member.property.name)) bases.push(member.object.name);
    },
  }).visit(program);
  return { ownFields, bases };
}

/** The words of a comment, without its stars. */
function plain({ value }: Comment): string {
  return value
    .slice(1)
    .replaceAll(/\s*\n\s*\*? ?/g, " ")
    .trim();
}
