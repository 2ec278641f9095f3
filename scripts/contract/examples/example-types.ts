/** What examples an operation must have, from its schemas: a body or an answer without one does not compile. */
import type * as z from "zod";
import type { OperationId, operations } from "../../../schemas/http/operations.ts";

export interface Example<T> {
  readonly summary: string;
  readonly value: T;
}
export type Examples<T> = Readonly<Record<string, Example<T>>>;

type Table = typeof operations;
type Body<O> = O extends { body: { schema: infer S extends z.ZodType } }
  ? { readonly body: Examples<z.input<S>> }
  : object;
type Answers<A> = {
  readonly [Status in keyof A as A[Status] extends { schema: z.ZodType } ? Status : never]: A[Status] extends {
    schema: infer S extends z.ZodType;
  }
    ? Examples<z.output<S>>
    : never;
};

/** `texts`: of answers that are no JSON, by status. */
export type OperationExamples<Id extends OperationId> = Body<Table[Id]> & {
  readonly answers: Answers<Table[Id]["answers"]>;
  readonly texts?: Readonly<Record<number, Examples<string>>>;
};
export type ExamplesOf<Ids extends OperationId> = { readonly [Id in Ids]: OperationExamples<Id> };
