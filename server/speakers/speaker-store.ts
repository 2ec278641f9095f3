/** Speaker state in the room's SQLite: a row a cluster, so that no value grows with the meeting. */
import * as z from "zod";
import {
  clusterIdSchema,
  clusterSchema,
  rosterSchema,
  type SpeakerState,
  speakerStateSchema,
} from "../../schemas/speakers.ts";
import type { Database } from "../lib/sql.ts";

const clusterKeyPrefix = "cluster:";
const bindingsSchema = speakerStateSchema.shape.bindings;
const configSchema = speakerStateSchema.shape.config;
const orderSchema = z.array(clusterIdSchema);

export class SpeakerStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  load(): SpeakerState {
    const rows = new Map(
      this.#db.sql
        .exec<{ key: string; value: string }>("SELECT key, value FROM state")
        .toArray()
        .map((row): [string, unknown] => [row.key, JSON.parse(row.value)]),
    );
    const order = orderSchema.parse(rows.get("clusters") ?? []);
    const roster = rosterSchema.optional().parse(rows.get("roster"));
    return {
      clusters: order.map((id) => clusterSchema.parse(rows.get(clusterKeyPrefix + id))),
      bindings: bindingsSchema.parse(rows.get("bindings") ?? {}),
      ...(roster ? { roster } : {}),
      config: configSchema.parse(rows.get("config") ?? {}),
    };
  }

  /** Replaces the state. Call inside the transaction that also appends the event. */
  save(state: SpeakerState): void {
    this.#db.sql.exec("DELETE FROM state");
    this.#write(
      "clusters",
      state.clusters.map((cluster) => cluster.cluster_id),
    );
    for (const cluster of state.clusters) this.#write(clusterKeyPrefix + cluster.cluster_id, cluster);
    this.#write("bindings", state.bindings);
    this.#write("config", state.config);
    if (state.roster) this.#write("roster", state.roster);
  }

  #write(key: string, value: unknown): void {
    this.#db.sql.exec("INSERT OR REPLACE INTO state (key, value) VALUES (?, ?)", key, JSON.stringify(value));
  }
}
