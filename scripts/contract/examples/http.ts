/** The examples of all operations. */
import type { OperationId } from "../../../schemas/http/operations.ts";
import type { Examples, ExamplesOf } from "./example-types.ts";
import { resultExamples } from "./results.ts";
import { sessionExamples } from "./sessions.ts";
import { speakerExamples } from "./speakers.ts";

const httpExamples: ExamplesOf<OperationId> = { ...sessionExamples, ...speakerExamples, ...resultExamples };

/** The same without the types of each operation, for what goes through all of them. */
interface AnyExamples {
  readonly body?: Examples<unknown>;
  readonly answers: Readonly<Record<number, Examples<unknown>>>;
  readonly texts?: Readonly<Record<number, Examples<string>>>;
}

export function examplesOf(id: OperationId): AnyExamples {
  return httpExamples[id];
}
