import { durableDatabase } from "../../server/shared/lib/durable-database.ts";
import { archivedRows } from "../support/archived-rows.ts";
import { newSession, RoomUnderTest } from "./support/room.ts";

archivedRows("a Durable Object", (step) =>
  new RoomUnderTest(newSession()).inside((storage) => step(durableDatabase(storage), () => storage.sql.databaseSize)),
);
