/** The errors of an operation, as answers of `openapi.json`: one a status, with its codes and an example of each. */
import type { ZodOpenApiResponseObject } from "zod-openapi";
import { type HttpErrorCode, httpErrors } from "../../schemas/wire/errors.ts";
import { commonErrors, type Operation } from "../../schemas/http/operations.ts";
import { exampleProblem } from "./examples.ts";
import { errorHeaders } from "./headers.ts";

export const allProblemCodes = Object.keys(httpErrors) as HttpErrorCode[];
/** Of requests that meet no operation, and so in the errors of none. */
export const outsideOperations = ["not_found", "method_not_allowed"] as const satisfies readonly HttpErrorCode[];

/** Each once, by status. */
export function problemCodesOf(operation: Operation): HttpErrorCode[] {
  const codes = new Set([...commonErrors(operation), ...operation.errors]);
  return [...codes].toSorted((a, b) => httpErrors[a].status - httpErrors[b].status || (a < b ? -1 : 1));
}

export const problemExamples = Object.fromEntries(
  allProblemCodes.map((code) => [`problem.${code}`, { summary: httpErrors[code].title, value: exampleProblem(code) }]),
);

/** By status. Operations with the same errors share them, as components of the document. */
export function problemAnswers(operation: Operation): Record<string, ZodOpenApiResponseObject> {
  const byStatus = Map.groupBy(problemCodesOf(operation), (code) => httpErrors[code].status);
  return Object.fromEntries([...byStatus].map(([status, codes]) => [String(status), shared(operation, status, codes)]));
}

/** By id: zod-openapi takes the same object for the same component. */
const answers = new Map<string, ZodOpenApiResponseObject>();

function shared(operation: Operation, status: number, codes: readonly HttpErrorCode[]): ZodOpenApiResponseObject {
  const isGuarded = operation.access !== "public" && !operation.isSocket;
  const id = [`Problem${status}`, ...codes, ...(isGuarded ? [] : ["unguarded"])].join(".");
  const known = answers.get(id);
  if (known) return known;
  const answer = { id, ...problemAnswer(operation, status, codes) };
  answers.set(id, answer);
  return answer;
}

function problemAnswer(
  operation: Operation,
  status: number,
  codes: readonly HttpErrorCode[],
): ZodOpenApiResponseObject {
  const schema = {
    allOf: [
      { $ref: "#/components/schemas/Problem" },
      { type: "object" as const, properties: { status: { const: status }, code: { enum: [...codes] } } },
    ],
  };
  const examples = codes.map((code) => [code, { $ref: `#/components/examples/problem.${code}` }] as const);
  return {
    description: codes.map((code) => `\`${code}\`: ${httpErrors[code].title}.`).join("\n\n"),
    headers: errorHeaders(operation, codes),
    content: { "application/problem+json": { schema, examples: Object.fromEntries(examples) } },
    "x-codes": codes,
  };
}
