/**
 * An answer that a model writes: its marks become places, each looked up as it is sent (SPEC J4). Whatever the model says, it points at
 * nothing but lines that it was given.
 */
import type { Written } from "../ai/chat-models.ts";
import type { LineRow } from "../search/index.ts";
import type { PassageRow } from "../sync/index.ts";
import { type Answer, sourcesOf } from "./answer.ts";
import { Marks, type Piece } from "./marks.ts";
import { placeOf, type Places, stands } from "./places.ts";

/** @param instead the model that was to answer, and could not. */
export async function* writtenAnswer(
  { model, parts }: Written,
  lines: readonly (LineRow | PassageRow)[],
  asked: Places,
  { tenant, instead }: { readonly tenant: string; readonly instead: string | undefined },
): Answer {
  const isAsked = asked.meetings !== undefined || asked.documents !== undefined;
  // Of a conversation without meetings, brackets are brackets.
  const marks = new Marks((line) => lines[line - 1] !== undefined);
  const places = new Map<number, number | undefined>();
  const given = async function* (pieces: readonly Piece[]): Answer {
    for (const piece of pieces) {
      if ("text" in piece) {
        yield { type: "delta", text: piece.text };
        continue;
      }
      const line = lines[piece.line - 1];
      if (!line) continue;
      if (!places.has(piece.line)) {
        const n = (await stands(line, asked)) ? [...places.values()].filter(Boolean).length + 1 : undefined;
        places.set(piece.line, n);
        if (n !== undefined) {
          yield { type: "delta", text: `[${n}]` };
          yield placeOf(n, line);
        }
        continue;
      }
      const n = places.get(piece.line);
      if (n !== undefined) yield { type: "delta", text: `[${n}]` };
    }
  };
  try {
    yield { type: "begin", model, instead_of: instead ?? null };
    yield sourcesOf(tenant, lines, { knowsBefore: true });
    for (let next = await parts.next(); ; next = await parts.next()) {
      if (next.done) {
        yield* given(marks.end());
        const { reason: finish_reason, usage } = next.value;
        const found = isAsked ? true : null;
        yield { type: "done", end: { model, instead_of: instead ?? null, found, finish_reason, usage } };
        return;
      }
      yield* given(isAsked ? marks.push(next.value) : [{ text: next.value }]);
    }
  } finally {
    await parts.return({ reason: "stop", usage: { cost_nano_usd: null, is_estimated: true } });
  }
}
