import { archivedRows } from "../../support/archived-rows.ts";
import { nodeSqlite } from "../../support/node-database.ts";

archivedRows("node:sqlite", (step) => {
  const db = nodeSqlite(() => 1_000).open();
  const used = `SELECT (page_count - freelist_count) * page_size AS bytes
    FROM pragma_page_count(), pragma_freelist_count(), pragma_page_size()`;
  step(db, () => db.sql.exec<{ bytes: number }>(used).one().bytes);
});
