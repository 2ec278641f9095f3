/**
 * `npm run profile`: where the time of the gateway's runtime goes, a chunk, while rooms take audio as fast as they can and archive it: CPU
 * time of workerd by the kernel's count, and a CPU profile of each Worker in it (the room, R2, D1). What it is given is what
 * `npm run bench` gives; the numbers hold beside other work, since only time on the processor counts.
 */
import * as z from "zod";
import { defineCommand } from "./cli/define-command.ts";
import { flag, oneOf, wholeNumber } from "./cli/option-types.ts";
import { runCommand } from "./cli/run-command.ts";
import { profile } from "./profile/profile-run.ts";

const command = defineCommand({
  name: "npm run profile --",
  description: "Where the time of the gateway's runtime goes, a chunk.",
  options: {
    chunks: wholeNumber(1, 100_000).meta({ value: "<n>", description: "frames of each room", default: "1500" }),
    rooms: wholeNumber(1, 1_000).meta({ value: "<n>", description: "rooms at once", default: "1" }),
    encoding: oneOf("msgpack", "json", "proto").meta({
      value: "<name>",
      description: "msgpack, json or proto",
      default: "msgpack",
    }),
    resolve: oneOf("on", "off").meta({ value: "<on|off>", description: "automatic speaker resolve", default: "on" }),
    until: oneOf("acked", "archived").meta({
      value: "<step>",
      description: "the profile ends with the last ack, or when all is in R2",
      default: "archived",
      without: ["timeOnly"],
    }),
    top: wholeNumber(1, 1_000).meta({
      value: "<n>",
      description: "functions listed",
      default: "40",
      without: ["timeOnly"],
    }),
    out: z
      .string()
      .optional()
      .meta({
        value: "<file>",
        description: "writes the gateway's .cpuprofile, for a browser's DevTools",
        without: ["timeOnly"],
      }),
    timeOnly: flag.meta({ description: "no profile, which costs time itself: only the CPU time a chunk" }),
  },
});

await runCommand(command, profile);
