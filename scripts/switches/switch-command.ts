/** The arguments of `npm run switch`, and what it does. */
import * as z from "zod";
import { switchNameSchema } from "../../schemas/switches.ts";
import { defineCommands } from "../cli/define-command.ts";
import { databaseOptions, oneOf } from "../cli/option-types.ts";
import type { KeysDatabase } from "../keys/keys-sql.ts";

const area = oneOf(...switchNameSchema.options).meta({ description: switchNameSchema.options.join(", ") });

export const parseSwitchOptions = defineCommands({
  name: "npm run -s switch --",
  description: "Switches an area of a running installation off and on, without a deploy, within 30 seconds.",
  commands: {
    off: { description: "Switch an area off.", operands: { area }, options: databaseOptions },
    on: { description: "Switch it on again.", operands: { area }, options: databaseOptions },
    list: { description: "Say what is off, and since when.", options: databaseOptions },
  },
});
export type SwitchOptions = NonNullable<ReturnType<typeof parseSwitchOptions>>;

const rowsSchema = z.array(z.looseObject({ name: z.string(), off_since: z.number() }));

/** @returns lines for the person. */
export async function runSwitch(database: KeysDatabase, options: SwitchOptions, now: number): Promise<string[]> {
  if (options.command === "off") {
    const sql = "INSERT INTO switches (name, off_since) VALUES (?, ?) ON CONFLICT (name) DO NOTHING";
    await database.run([{ sql, values: [options.area, now] }]);
  }
  if (options.command === "on") {
    await database.run([{ sql: "DELETE FROM switches WHERE name = ?", values: [options.area] }]);
  }
  const [rows = []] = await database.run([{ sql: "SELECT name, off_since FROM switches ORDER BY name", values: [] }]);
  const off = rowsSchema.parse(rows);
  if (off.length === 0) return ["Everything is on."];
  return off.map(({ name, off_since: since }) => `${name} is off since ${new Date(since).toISOString()}.`);
}
