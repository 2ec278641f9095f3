/** `golden/proto.json`: the golden messages as bytes of `interview.proto`, for who tries a client of it. Audio is named, as in `golden.json`. */
import { createHash } from "node:crypto";
import { clientTypes } from "../../schemas/wire/proto/fields.ts";
import { writeClientMessage, writeRoomMessage } from "../../schemas/wire/proto/write-proto.ts";
import { roomMessageSchema } from "../../schemas/wire/messages.ts";
import { goldenClientFrames, goldenPcm, goldenRoomMessages } from "../../client/testkit/golden-frames.ts";

const isClientType = (type: unknown): type is keyof typeof clientTypes =>
  typeof type === "string" && Object.hasOwn(clientTypes, type);

/** A second of audio is not written out. */
function frameOf(bytes: Uint8Array): object {
  const hex = Buffer.from(bytes).toString("hex");
  if (bytes.byteLength <= 4_096) return { hex };
  return { length: bytes.byteLength, sha256: createHash("sha256").update(bytes).digest("hex") };
}

const clientFrames = goldenClientFrames.flatMap(({ name, fields, audio, error, raw, encoding }) => {
  if (!fields || error || raw || encoding || !isClientType(fields["type"])) return [];
  const content = audio ? { content: goldenPcm(audio) } : {};
  const frame = frameOf(writeClientMessage(fields["type"], { ...fields, ...content }));
  return [{ name, message: fields, ...(audio && { audio }), frame }];
});

const roomMessages = Object.entries(goldenRoomMessages).flatMap(([name, message]) => {
  // Its audio is bytes here, as in MessagePack.
  const sha256 = createHash("sha256").update(goldenPcm("ramp")).digest("hex");
  const parsed = roomMessageSchema.parse(message.type === "ack" ? { ...message, sha256 } : message);
  return parsed.type === "live" ? [] : [{ name, message: parsed, frame: frameOf(writeRoomMessage(parsed)) }];
});

export const goldenProtoJson = `${JSON.stringify({ about: "Each frame is one ClientMessage or RoomMessage of interview.proto.", client_frames: clientFrames, room_messages: roomMessages }, null, 2)}\n`;
