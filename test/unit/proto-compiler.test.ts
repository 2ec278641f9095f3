/**
 * The golden bytes of `interview.proto` as Google's own compiler reads them: it knows the file alone, and nothing of the table of fields that
 * file and bytes are written from. Where there is no `protoc` (Debian: `apt-get install protobuf-compiler`) it is skipped, and says so.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import * as z from "zod";
import { goldenClientFrames, goldenPcm } from "../../client/testkit/golden-frames.ts";
import { writeClientMessage } from "../../schemas/wire/proto/write-proto.ts";

const root = new URL("../../", import.meta.url).pathname;
const hasCompiler = spawnSync("protoc", ["--version"]).status === 0;

const frameSchema = z.object({
  name: z.string(),
  message: z.record(z.string(), z.unknown()),
  frame: z.union([z.object({ hex: z.string() }), z.object({ length: z.int(), sha256: z.string() })]),
});
const goldenSchema = z.object({ client_frames: z.array(frameSchema), room_messages: z.array(frameSchema) });
type GoldenFrame = z.infer<typeof frameSchema>;

/** @returns what `protoc --decode` prints. */
function decoded(type: "ClientMessage" | "RoomMessage", bytes: Uint8Array): string {
  const asked = [`--decode=roomtone.v1.${type}`, `--proto_path=${root}schemas/wire`, "interview.proto"];
  const { status, stdout, stderr } = spawnSync("protoc", asked, { input: bytes, encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  return stdout;
}

/** Each value with its path, such as `ready.limits.max_in_flight: 32`; proto3 has none of those that are empty or 0. */
function printedLeaves(text: string): string[] {
  const path: string[] = [];
  return text.split("\n").flatMap((line) => {
    const [, name = "", rest = ""] = /^\s*(\w+)(?:: (.*)| \{)$/.exec(line) ?? [];
    if (line.trim() === "}") path.pop();
    else if (line.endsWith(" {")) path.push(name);
    else if (name !== "content" && !isEmpty(rest)) return [`${[...path, name].join(".")}: ${rest}`];
    return [];
  });
}

const isEmpty = (printed: string): boolean => ["", "0", "false", '""'].includes(printed);

function leavesOf(value: unknown, path: string): string[] {
  if (value === null || value === undefined) return [];
  if (Array.isArray(value)) {
    const isRange = value.length === 2 && value.every((one) => typeof one === "number");
    if (isRange) return leavesOf({ from: value[0], to: value[1] }, path);
    return value.flatMap((one) => leavesOf(one, path));
  }
  if (typeof value === "object")
    return Object.entries(value).flatMap(([name, one]) => leavesOf(one, path === "" ? name : `${path}.${name}`));
  const printed = JSON.stringify(value);
  return isEmpty(printed) ? [] : [`${path}: ${printed}`];
}

function expectedLeaves({ type, ...fields }: Record<string, unknown>): string[] {
  const name = String(type);
  if (name === "event") return [`event.json: ${JSON.stringify(JSON.stringify(fields["event"]))}`];
  return leavesOf(fields, name);
}

/** A second of audio is named in `proto.json`, and its bytes are the same here. */
function bytesOf({ name, frame }: GoldenFrame): Uint8Array {
  if ("hex" in frame) return Buffer.from(frame.hex, "hex");
  const { fields = {}, audio } = goldenClientFrames.find((one) => one.name === name) ?? {};
  if (!audio) throw new Error(`${name} has no audio`);
  const bytes = writeClientMessage("chunk", { ...fields, content: goldenPcm(audio) });
  expect(createHash("sha256").update(bytes).digest("hex")).toBe(frame.sha256);
  return bytes;
}

test.skipIf(!hasCompiler)(
  `[Y12] protoc reads each golden message as what it is${hasCompiler ? "" : " (skipped: there is no protoc here)"}`,
  async () => {
    const text = await readFile(`${root}schemas/published/golden/proto.json`, "utf8");
    const golden = goldenSchema.parse(JSON.parse(text));
    for (const [type, frames] of [
      ["ClientMessage", golden.client_frames],
      ["RoomMessage", golden.room_messages],
    ] as const)
      for (const frame of frames) {
        const printed = decoded(type, bytesOf(frame));
        // What the file does not know has no field in it.
        const { x_level: _, ...message } = frame.message;
        expect([frame.name, printedLeaves(printed).toSorted()]).toEqual([
          frame.name,
          expectedLeaves(message).toSorted(),
        ]);
        // A message is there, also where all of its fields are empty.
        expect(`${frame.name}: ${printed}`.startsWith(`${frame.name}: ${String(message["type"])} {`)).toBe(true);
      }
  },
);
