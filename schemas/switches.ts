/** Areas that an operator can switch off while the installation runs (SPEC X10). */
import * as z from "zod";

export const switchNameSchema = z.enum(["ingest", "inference", "captions", "chat", "participant"]);
export type SwitchName = z.infer<typeof switchNameSchema>;

/** When who was turned away should come again: about as long as it takes until a switch is heard of. */
export const switchedOffRetryMs = 15_000;
