import { databaseContract } from "../../support/database-contract.ts";
import { nodeSqlite } from "../../support/node-database.ts";

databaseContract("node:sqlite", (step) => step(nodeSqlite(() => 1).open()));
