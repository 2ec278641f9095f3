import * as z from "zod";

/** RFC 9457 problem details, with Roomtone's `code` and `trace_id`. */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.string(),
  trace_id: z.string(),
});
export type Problem = z.infer<typeof problemSchema>;
