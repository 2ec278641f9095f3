/**
 * The first half of a WebSocket frame, for a connection that breaks in its middle. RFC 6455 §5.2.
 */

const finBit = 0x80;
const maskBit = 0x80;
const textOpcode = 1;
const binaryOpcode = 2;

/** @param masked as every frame of a client is. @returns a header that announces all of `data`, and half of it. */
export function halfFrame(data: Buffer, isBinary: boolean, masked: boolean): Buffer {
  const opcode = isBinary ? binaryOpcode : textOpcode;
  const length = Buffer.alloc(data.length < 126 ? 0 : data.length < 65_536 ? 2 : 8);
  if (length.length === 2) length.writeUInt16BE(data.length);
  if (length.length === 8) length.writeBigUInt64BE(BigInt(data.length));
  const shortLength = length.length === 0 ? data.length : length.length === 2 ? 126 : 127;
  const head = Buffer.of(finBit | opcode, (masked ? maskBit : 0) | shortLength);
  // A mask of zeros leaves the payload as it is.
  const mask = Buffer.alloc(masked ? 4 : 0);
  return Buffer.concat([head, length, mask, data.subarray(0, data.length >> 1)]);
}
