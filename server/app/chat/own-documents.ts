/**
 * The asker's own documents as a question sees them (SPEC SY9): their knowledge and nobody else's, whoever else belongs to the tenant. Knows
 * no model.
 */
import type { DocumentCitation } from "../../../schemas/http/chat.ts";
import type { Principal } from "../../shared/access/principal.ts";
import type { Env } from "../env.ts";
import type { Ranked } from "../search/index.ts";
import { ownDocumentsOf, type PassageRow } from "../sync/index.ts";
import type { LookedIn } from "./meetings.ts";

export interface OwnDocuments {
  /** The best first. */
  find(question: string, most: number): Promise<readonly Ranked<PassageRow>[]>;
  /** Whether a document says just that at its place, as it stands now. */
  has(passage: PassageRow): Promise<boolean>;
}

/** @param isUnnamed whether all are looked in where nothing is named. @returns undefined where none are to be looked in. */
export function openDocuments(
  { SYNC }: Pick<Env, "SYNC">,
  principal: Principal,
  { documents, meetings, speakers, from, to }: LookedIn,
  isUnnamed: boolean,
): OwnDocuments | undefined {
  const isConfined = [meetings, speakers, from, to].some((one) => one !== undefined);
  const isAll = documents === undefined && isUnnamed && !isConfined;
  if (!isAll && (documents === undefined || documents.length === 0)) return undefined;
  const own = SYNC.getByName(ownDocumentsOf(principal));
  return {
    find: async (question, most) => own.find(question, documents, most),
    has: async ({ document_id, start, end, text }) => own.has({ document_id, start, end, text }),
  };
}

export function documentPlace(n: number, { document_id, title, start, end }: PassageRow): DocumentCitation {
  return { n, document_id, title, start, end };
}
