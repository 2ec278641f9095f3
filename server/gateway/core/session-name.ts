/** Whose session it is. Only names that were checked get this far. */
export interface SessionName {
  readonly tenant: string;
  readonly sessionId: string;
}
