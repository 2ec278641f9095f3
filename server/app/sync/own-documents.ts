/** Whose documents are whose. */
import { type Principal, subjectOf } from "../../shared/access/principal.ts";

/**
 * The name of a caller's `SyncDO`: of a key, or of a token's subject, whatever session the token is for. A user's devices have tokens of one
 * subject; the credential has been verified before, and only what it says counts. The parts hold no colon.
 */
export function ownDocumentsOf(principal: Principal): string {
  const { tenant } = principal;
  if (principal.kind !== "token") return `${tenant}:${subjectOf(principal)}`;
  return `${tenant}:token:${encodeURIComponent(principal.subject)}`;
}
