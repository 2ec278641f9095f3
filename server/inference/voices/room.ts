/**
 * What all voices in a meeting room share, as the network hears them: the way people talk there, and the microphones. The projection was
 * trained on people who read, and takes it for a part of everybody's voice. Data: 32-bit floats, little-endian, made by
 * `npm run train:room`.
 */
import { decodeBase64, encodeBase64 } from "../../../schemas/wire/base64.ts";

const floatBytes = 4;

export function encodeRoom(values: Float64Array): string {
  const bytes = new Uint8Array(values.length * floatBytes);
  const view = new DataView(bytes.buffer);
  for (const [i, value] of values.entries()) view.setFloat32(i * floatBytes, value, true);
  return encodeBase64(bytes);
}

/** @throws Error if the data is not what `encodeRoom` writes: a fault of the build. */
export function decodeRoom(base64: string): Float64Array {
  const decoded = decodeBase64(base64);
  if (!decoded.ok || decoded.value.length === 0 || decoded.value.length % floatBytes !== 0)
    throw new Error("server/inference/voices/room-data.ts is damaged");
  const view = new DataView(decoded.value.buffer, decoded.value.byteOffset, decoded.value.byteLength);
  return Float64Array.from({ length: decoded.value.length / floatBytes }, (_, i) =>
    view.getFloat32(i * floatBytes, true),
  );
}
