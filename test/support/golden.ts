/** `schemas/published/golden/golden.json` as a client author reads it: from its own words alone, without the generator. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import * as z from "zod";

const wholeShape = { length: z.int(), sha256: z.string() };
const frameSchema = z.union([
  z.strictObject({ text: z.string() }),
  z.strictObject({ hex: z.string() }),
  z.strictObject({ text: z.string(), audio: z.string(), then_text: z.string(), ...wholeShape }),
  z.strictObject({ hex: z.string(), audio: z.string(), then_hex: z.string(), ...wholeShape }),
]);
const messageSchema = z.looseObject({ type: z.string() });
const encodingSchema = z.enum(["json", "msgpack"]);

const goldenSchema = z.strictObject({
  about: z.string(),
  protocol: z.literal(1),
  session_id: z.string(),
  audio: z.record(
    z.string(),
    z.strictObject({ bytes: z.int(), multiplier: z.int(), offset: z.int(), sha256: z.string() }),
  ),
  client_frames: z.array(
    z.strictObject({
      name: z.string(),
      note: z.string().optional(),
      encoding: encodingSchema,
      frame: frameSchema,
      expect: z.union([
        z.strictObject({ message: messageSchema, error: z.undefined().optional() }),
        z.strictObject({ error: z.string(), seq: z.int().optional(), message: z.undefined().optional() }),
      ]),
    }),
  ),
  room_messages: z.array(
    z.strictObject({ name: z.string(), encoding: encodingSchema, frame: frameSchema, message: messageSchema }),
  ),
});

export const golden = goldenSchema.parse(
  JSON.parse(readFileSync(new URL("../../schemas/published/golden/golden.json", import.meta.url), "utf8")),
);
export type GoldenFrame = (typeof golden.client_frames)[number];

export function audioOf(name: string): Buffer {
  const recipe = golden.audio[name];
  assert.ok(recipe, `no audio ${name}`);
  const audio = Buffer.alloc(recipe.bytes);
  for (let i = 0; i < audio.length; i += 1) audio[i] = (recipe.multiplier * i + recipe.offset) % 256;
  assert.equal(sha256(audio), recipe.sha256, `the recipe of ${name}`);
  return audio;
}

/** The frame as it goes over the socket. */
export function wireOf(frame: z.infer<typeof frameSchema>): string | Uint8Array<ArrayBuffer> {
  if ("text" in frame) {
    const whole =
      "audio" in frame ? frame.text + audioOf(frame.audio).toString("base64") + frame.then_text : frame.text;
    if ("sha256" in frame) assert.deepEqual([whole.length, sha256(whole)], [frame.length, frame.sha256]);
    return whole;
  }
  const parts = "audio" in frame ? [hex(frame.hex), audioOf(frame.audio), hex(frame.then_hex)] : [hex(frame.hex)];
  const whole = new Uint8Array(Buffer.concat(parts));
  if ("sha256" in frame) assert.deepEqual([whole.length, sha256(whole)], [frame.length, frame.sha256]);
  return whole;
}

function hex(text: string): Buffer {
  const bytes = Buffer.from(text, "hex");
  assert.equal(bytes.length * 2, text.length, "not hex");
  return bytes;
}

function sha256(data: Uint8Array | string): string {
  return createHash("sha256").update(data).digest("hex");
}
