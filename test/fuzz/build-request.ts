/** From a plan to a request. Pure. */
import { type Operation, type OperationId, operations } from "../../schemas/http/operations.ts";
import { goodBodies, goodParts } from "./good-bodies.ts";
import { nastyValues } from "./nasty-values.ts";
import type { BodyBytes, BodyEdit, BodyPlan, CredentialPlan, PathEdit, RequestPlan } from "./request-plan.ts";
import type { RequestWorld } from "./request-world.ts";

export interface BuiltRequest {
  readonly plan: RequestPlan;
  readonly method: string;
  /** As it is sent: nothing is escaped but what no transport takes. */
  readonly path: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Uint8Array<ArrayBuffer> | undefined;
  readonly session: string;
}

export function buildRequest(plan: RequestPlan, world: RequestWorld): BuiltRequest {
  const operation: Operation = operations[plan.operation];
  const session = sessionOf(plan, world);
  // The first name is given what the plan says; what follows it is good, so that somebody looks at the first.
  let given = 0;
  const named = operation.path
    .replace(":session_id", () => session)
    .replaceAll(/:([a-z_0-9]+)/g, (_, name: string) => {
      given += 1;
      return given > 1 || plan.part === "good" ? (goodParts[name] ?? "1") : plan.part;
    });
  const withSession = (text: string): string => text.replace("$session", session);
  const query = plan.query.map(([name, text]) => `${encodeURIComponent(name)}=${escaped(withSession(text))}`);
  const credential = credentialOf(plan.credential, world);
  if (credential.query !== undefined) query.push(`token=${encodeURIComponent(credential.query)}`);
  const path = plan.path.reduce(afterPathEdit, named) + (query.length > 0 ? `?${query.join("&")}` : "");
  const method = plan.method ?? operation.method;
  return {
    plan,
    method,
    path: escaped(path),
    headers: headersOf(plan, method, credential),
    body:
      method === "GET" || method === "HEAD" || method === "OPTIONS"
        ? undefined
        : bodyOf(plan.operation, plan.body, session),
    session,
  };
}

function sessionOf({ session }: RequestPlan, world: RequestWorld): string {
  switch (session.kind) {
    case "reference":
      return world.reference;
    case "scratch":
      return world.scratch[session.pick % world.scratch.length] ?? "";
    case "unknown":
      return world.unknown;
    case "text":
      return session.text;
  }
}

const goodNames: ReadonlySet<string> = new Set([
  "admin",
  "writeKey",
  "readKey",
  "mintKey",
  "otherTenantKey",
  "capture",
  "observe",
  "edit",
  "observeMic",
]);

/** Whether the credential is one, whatever it is good for. Where and how it is shown may still be refused. */
export function isGood({ name }: CredentialPlan): boolean {
  return goodNames.has(name);
}

interface Shown {
  readonly headers: readonly (readonly [string, string])[];
  readonly query?: string;
}

function credentialOf({ name, as }: CredentialPlan, { credentials }: RequestWorld): Shown {
  if (name === "none") return { headers: [] };
  const text = credentials[name];
  switch (as) {
    case "bearer":
      return { headers: [["authorization", `Bearer ${text}`]] };
    case "lower case":
      return { headers: [["authorization", `bearer   ${text}  `]] };
    case "basic":
      return { headers: [["authorization", `Basic ${text}`]] };
    case "bare":
      return { headers: [["authorization", text]] };
    case "subprotocol":
      return { headers: [["sec-websocket-protocol", `roomtone.v1.json, bearer.${text}`]] };
    case "query":
      return { headers: [], query: text };
  }
}

function headersOf(plan: RequestPlan, method: string, credential: Shown): (readonly [string, string])[] {
  const isSocket = "isSocket" in operations[plan.operation];
  // Routes of sockets get an upgrade but for one in eight, the others the other way round.
  const upgrade: (readonly [string, string])[] =
    isSocket === plan.isUpgrade
      ? []
      : [
          ["upgrade", "websocket"],
          ["connection", "Upgrade"],
          ["sec-websocket-version", "13"],
          ["sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="],
        ];
  const all = [...upgrade, ...credential.headers, ...plan.headers];
  // Of whatever else asks for one, workerd makes a GET before the gateway sees it.
  return method === "GET" ? all : all.filter(([name]) => name !== "upgrade");
}

function afterPathEdit(path: string, edit: PathEdit): string {
  // A path begins with a slash, or it is no request.
  const at = "at" in edit ? Math.max(1, Math.floor((edit.at / 10_000) * path.length)) : 0;
  switch (edit.op) {
    case "insert":
      return path.slice(0, at) + edit.text + path.slice(at);
    case "flip":
      return path.slice(0, at) + String.fromCharCode(edit.to) + path.slice(at + 1);
    case "remove":
      return `/${(path.slice(0, at) + path.slice(at + edit.length)).replace(/^\//, "")}`;
    case "append":
      return path + edit.text;
  }
}

/** What no request line may hold is escaped: blanks, controls, and all but ASCII. */
function escaped(text: string): string {
  return text.toWellFormed().replace(/[^\x21-\x7e]+/g, encodeURIComponent);
}

function bodyOf(id: OperationId, { edits, bytes }: BodyPlan, session: string): Uint8Array<ArrayBuffer> {
  let tree: unknown = goodBodies[id]?.(session) ?? { a: 1 };
  for (const edit of edits) tree = afterBodyEdit(tree, edit);
  let body: Uint8Array<ArrayBuffer> = new Uint8Array(new TextEncoder().encode(textOf(tree)));
  for (const edit of bytes) body = afterBytes(body, edit);
  return body;
}

/** JSON as it is written, in the middle of a value. */
class Verbatim {
  readonly json: string;
  constructor(json: string) {
    this.json = json;
  }
}

/** Fields that come twice. */
class Repeated {
  readonly values: readonly unknown[];
  constructor(values: readonly unknown[]) {
    this.values = values;
  }
}

function nasty(value: number): Verbatim {
  return new Verbatim(nastyValues[value]?.json ?? "null");
}

function afterBodyEdit(tree: unknown, edit: BodyEdit): unknown {
  const nodes = countNodes(tree);
  let left = edit.at % nodes;
  const change = (node: unknown): unknown => {
    switch (edit.op) {
      case "set":
        return nasty(edit.value);
      case "repeat":
        return new Repeated([node, nasty(edit.value)]);
      case "drop":
        return undefined;
      case "add":
        return isPlain(node) ? Object.fromEntries([...Object.entries(node), [edit.key, nasty(edit.value)]]) : [node];
      case "nest": {
        const [open, close] = edit.how === "array" ? ["[", "]"] : ['{"a":', "}"];
        return new Verbatim(open.repeat(edit.levels) + textOf(node) + close.repeat(edit.levels));
      }
    }
  };
  const walk = (node: unknown): unknown => {
    left -= 1;
    if (left === -1) return change(node);
    if (Array.isArray(node)) return node.map(walk).filter((item) => item !== undefined);
    if (isPlain(node)) return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, walk(value)]));
    return node;
  };
  return walk(tree);
}

function countNodes(node: unknown): number {
  const children = Array.isArray(node) ? node : isPlain(node) ? Object.values(node) : [];
  return children.reduce<number>((sum, child) => sum + countNodes(child), 1);
}

function isPlain(node: unknown): node is Record<string, unknown> {
  return (
    typeof node === "object" &&
    node !== null &&
    !Array.isArray(node) &&
    !(node instanceof Verbatim) &&
    !(node instanceof Repeated)
  );
}

function textOf(node: unknown): string {
  if (node === undefined) return "";
  if (node instanceof Verbatim) return node.json;
  if (node instanceof Repeated) return textOf(node.values[0]);
  if (Array.isArray(node)) return `[${node.map(textOf).join(",")}]`;
  if (!isPlain(node)) return JSON.stringify(node);
  const fields = Object.entries(node).flatMap(([key, value]) => {
    const values = value instanceof Repeated ? value.values : [value];
    return values.filter((one) => one !== undefined).map((one) => `${JSON.stringify(key)}:${textOf(one)}`);
  });
  return `{${fields.join(",")}}`;
}

function afterBytes(body: Uint8Array<ArrayBuffer>, edit: BodyBytes): Uint8Array<ArrayBuffer> {
  const at = "at" in edit ? Math.floor((edit.at / 10_000) * body.length) : 0;
  switch (edit.op) {
    case "whole":
      return new Uint8Array(new TextEncoder().encode(edit.text));
    case "cut":
      return body.slice(0, at);
    case "prefix":
      return Uint8Array.from([...edit.bytes, ...body]);
    case "suffix":
      return Uint8Array.from([...body, ...edit.bytes]);
    case "insert":
      return Uint8Array.from([...body.subarray(0, at), ...edit.bytes, ...body.subarray(at)]);
    case "pad": {
      const padded = new Uint8Array(Math.max(edit.to, body.length)).fill(0x20);
      padded.set(body);
      return padded;
    }
    case "utf-16":
      return Uint8Array.from([...body].flatMap((byte) => [byte, 0]));
  }
}

/** A request as a report shows it. */
export function showRequest({ method, path, headers, body }: BuiltRequest): string {
  const lines = headers.map(([name, value]) => `${name}: ${value.slice(0, 200)}`);
  const text = body ? JSON.stringify(new TextDecoder().decode(body.subarray(0, 600))) : "no body";
  return [`${method} ${path.slice(0, 600)}`, ...lines, `${body?.length ?? 0} bytes: ${text}`].join("\n");
}
