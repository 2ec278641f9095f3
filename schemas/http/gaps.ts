/** Missing seconds, each stretch with its cause: of a result, and of a session that goes on (SPEC G1, G2). */
import * as z from "zod";
import { trackNameSchema } from "../names.ts";

/**
 * Why seconds are missing: the client said that its device gave none (`capture_stall`) or that it will not send them
 * (`client_gave_up`); they came and were refused (`rejected`); no chunk of that number ever came (`never_sent`).
 */
export const gapCauseSchema = z.enum(["never_sent", "rejected", "capture_stall", "client_gave_up"]);
export type GapCause = z.infer<typeof gapCauseSchema>;

export const gapSchema = z.object({
  track: trackNameSchema,
  from_seq: z.int().min(1),
  to_seq: z.int().min(1),
  cause: gapCauseSchema,
});
export type ResultGap = z.infer<typeof gapSchema>;
