/** What is remembered of a meeting's last transcription: how far it is and whose it is, no word of it. One row. */
import * as z from "zod";
import { transcriptionSchema } from "../../../schemas/http/transcriptions.ts";
import { sessionIdSchema, tenantSchema } from "../../../schemas/names.ts";

const trackSchema = transcriptionSchema.shape.tracks.element;

const rowSchema = transcriptionSchema.extend({
  /** With the noise floor where each goes on. */
  tracks: z.array(trackSchema.extend({ floor: z.number().optional() })),
  session: z.object({ tenant: tenantSchema, session_id: sessionIdSchema }),
  /** On whose behalf, as the event log counts. */
  subject: z.string(),
  trace_id: z.string(),
  /** In a row. */
  failures: z.int().min(0),
});
export type TranscriptionRow = z.infer<typeof rowSchema>;

export class TranscriptionStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Creates nothing. */
  read(): TranscriptionRow | undefined {
    const isThere = this.#sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'transcription'").toArray().length > 0;
    const [row] = isThere ? this.#sql.exec<{ body: string }>("SELECT body FROM transcription").toArray() : [];
    return row && rowSchema.parse(JSON.parse(row.body));
  }

  write(row: TranscriptionRow): void {
    this.#sql.exec(
      "CREATE TABLE IF NOT EXISTS transcription (one INTEGER PRIMARY KEY CHECK (one = 1), body TEXT NOT NULL)",
    );
    this.#sql.exec("INSERT OR REPLACE INTO transcription (one, body) VALUES (1, ?)", JSON.stringify(row));
  }
}
