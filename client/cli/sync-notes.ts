/** What `roomtone sync` notes of a folder: which document was last written into which file. */
import * as z from "zod";
import { UsageError } from "./usage-error.ts";

export const stateFolder = ".roomtone-sync";
export const notesName = "written.json";

/** A name in the folder, which never leads out of it. */
const nameSchema = z.string().regex(/^(?!\.\.?$)[^/\\\0]+$/);
const notesSchema = z.object({
  gateway: z.string(),
  files: z.record(
    z.string(),
    /** `sha256` is that of the file's bytes. */
    z.object({ name: nameSchema, revision: z.int().min(0), sha256: z.string() }),
  ),
  /** By their conflict's id: the file with what came second. */
  conflicts: z.record(z.string(), z.object({ key: z.string(), name: nameSchema })),
});
export type Notes = z.infer<typeof notesSchema>;
export type Written = Notes["files"][string];

/** @throws UsageError for what this did not write, or wrote in part: by half of it, documents would be taken for deleted. */
export function notesIn(text: string): Notes {
  try {
    return notesSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new UsageError(
      `${stateFolder}/${notesName} is damaged. Move ${stateFolder} away and pull: files that differ from the gateway's are left, and told.`,
      { cause },
    );
  }
}
