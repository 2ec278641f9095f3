import { durableDatabase } from "../../server/shared/lib/durable-database.ts";
import { databaseContract } from "../support/database-contract.ts";
import { newSession, RoomUnderTest } from "./support/room.ts";

databaseContract("a Durable Object", (step) =>
  new RoomUnderTest(newSession()).inside((storage) => step(durableDatabase(storage))),
);
