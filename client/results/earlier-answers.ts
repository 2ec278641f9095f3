/**
 * Answers of which an earlier gateway of `/v1` does not say everything yet. What it does not say is absent here, never made up:
 * nobody is told that nothing is missing by a gateway that does not know (SPEC V6).
 */
import * as z from "zod";
import { finalizeAnswerSchema, finalizePendingSchema } from "../../schemas/http/finalize.ts";
import {
  sessionAnswerSchema,
  sessionSchema,
  sessionsPageSchema,
  sessionSummarySchema,
} from "../../schemas/http/sessions.ts";

const title = z.string().nullable().default(null);
const people = z.array(z.string()).default([]);
const unknown = { missing: true, not_ended: true } as const;

export const readFinalizeAnswerSchema = finalizeAnswerSchema.partial(unknown);
export type FinalizeAnswer = z.infer<typeof readFinalizeAnswerSchema>;
export const readFinalizePendingSchema = finalizePendingSchema.partial(unknown);
export type FinalizePending = z.infer<typeof readFinalizePendingSchema>;

export const readSessionAnswerSchema = sessionAnswerSchema.extend({ title });
export const readSessionSchema = sessionSchema.extend({ title, people });

const readSummarySchema = sessionSummarySchema
  .extend({ title, people })
  .partial({ missing_seconds: true, overdue_seconds: true });
export type SessionSummary = z.infer<typeof readSummarySchema>;
export const readSessionsPageSchema = sessionsPageSchema.extend({ sessions: z.array(readSummarySchema) });
export type SessionsPage = z.infer<typeof readSessionsPageSchema>;
