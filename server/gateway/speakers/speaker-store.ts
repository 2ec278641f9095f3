/**
 * What the speaker-resolve service needs back at its next call: clusters with their centroids, its config, and the
 * roster. A row a cluster, so that no value grows with the meeting. Names are not here: the event log has them.
 */
import * as z from "zod";
import {
  type Cluster,
  clusterIdSchema,
  clusterSchema,
  type Roster,
  rosterSchema,
  type SpeakerState,
  speakerStateSchema,
} from "../../../schemas/speech/speakers.ts";
import { visibleLineOf } from "../../../schemas/visible-line.ts";
import type { Database } from "../../shared/lib/sql.ts";
import { stmt } from "../../shared/lib/stmt.ts";

const valueOf = stmt<[key: string], { value: string }>("SELECT value FROM state WHERE key = ?");
/** Nothing is written where it says that already: of the clusters one changes with an answer, and of the rest most stay. */
const writeNew = stmt<[key: string, value: string]>(
  `INSERT INTO state (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value
   WHERE value <> excluded.value`,
);
const removeOthers = stmt<[keys: string]>(
  "DELETE FROM state WHERE key LIKE 'cluster:%' AND key NOT IN (SELECT value FROM json_each(?))",
);

const clusterKeyPrefix = "cluster:";
const configSchema = speakerStateSchema.shape.config;
const orderSchema = z.array(clusterIdSchema);

export class SpeakerStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  clusters(): Cluster[] {
    const order = orderSchema.parse(this.#read("clusters") ?? []);
    return order.map((id) => clusterSchema.parse(this.#read(clusterKeyPrefix + id)));
  }

  config(): SpeakerState["config"] {
    return configSchema.parse(this.#read("config") ?? {});
  }

  roster(): Roster | undefined {
    const roster = rosterSchema.optional().parse(this.#read("roster"));
    // An earlier version took any text for a name.
    return roster?.flatMap((entry) => {
      const name = visibleLineOf(entry.name);
      return name === undefined ? [] : [{ ...entry, name }];
    });
  }

  /** Replaces the clusters. Call inside the transaction that also appends the events. */
  saveClusters(clusters: readonly Cluster[]): void {
    const ids = clusters.map((cluster) => cluster.cluster_id);
    removeOthers.run(this.#db, JSON.stringify(ids.map((id) => clusterKeyPrefix + id)));
    this.#write("clusters", ids);
    for (const cluster of clusters) this.#write(clusterKeyPrefix + cluster.cluster_id, cluster);
  }

  saveConfig(config: SpeakerState["config"]): void {
    this.#write("config", config);
  }

  saveRoster(roster: Roster): void {
    this.#write("roster", roster);
  }

  #read(key: string): unknown {
    const row = valueOf.first(this.#db, key);
    return row && JSON.parse(row.value);
  }

  #write(key: string, value: unknown): void {
    writeNew.run(this.#db, key, JSON.stringify(value));
  }
}
