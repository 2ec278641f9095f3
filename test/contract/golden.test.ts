/** The golden frames: what they say is what the codec and a running gateway do, and what the MessagePack format says. */
import { Packr } from "msgpackr";
import { describe, expect, test } from "vitest";
import { decodeFrame } from "../../schemas/wire/codec.ts";
import { wireErrors } from "../../schemas/wire/errors.ts";
import { controlSchemas, roomMessageSchema } from "../../schemas/wire/messages.ts";
import { audioOf, golden, type GoldenFrame, wireOf } from "../support/golden.ts";
import { sessionState } from "../support/gateway-http.ts";
import { useGateway } from "../support/use-gateway.ts";
import { TestClient } from "../support/ws-client.ts";

/** MessagePack by a library that neither the gateway nor the client has. */
const independent = new Packr({ useRecords: false, mapsAsObjects: true, int64AsType: "number" });

const titled = golden.client_frames.map((frame): [string, GoldenFrame] => [`${frame.encoding} ${frame.name}`, frame]);

/** `content` names its audio in the golden file, and is bytes in a message. */
function expectedMessage(message: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { content, ...fields } = message;
  if (content === undefined) return fields;
  const { audio } = content as { audio: string };
  return { ...fields, content: new Uint8Array(audioOf(audio)) };
}

/** What a frame must be decoded as: the whole of a message, or a refusal's code and seq. */
function expectedOf({ expect: expected }: GoldenFrame): object {
  return expected.error === undefined
    ? { message: expectedMessage(expected.message) }
    : { error: expected.error, ...(expected.seq === undefined ? {} : { seq: expected.seq }) };
}

function decodedOf({ frame }: GoldenFrame): object {
  const decoded = decodeFrame(wireOf(frame));
  if (decoded.ok) return { message: decoded.value };
  const { code, seq } = decoded.error;
  return { error: code, ...(seq === undefined ? {} : { seq }) };
}

test.each(titled)("[W1] the codec: %s", (_title, each) => {
  expect(decodedOf(each)).toEqual(expectedOf(each));
});

test.each(golden.room_messages.map((each) => [`${each.encoding} ${each.name}`, each] as const))(
  "[W3] a room's message: %s",
  (_title, { frame, message }) => {
    const wire = wireOf(frame);
    const value: unknown = typeof wire === "string" ? JSON.parse(wire) : independent.unpack(wire);
    const bytes = expectedMessage(message)["content"];
    const audio = bytes instanceof Uint8Array ? bytes : new Uint8Array();
    const inJson = { ...message, content_b64: Buffer.from(audio).toString("base64"), content: undefined };
    const meant = audio.length === 0 ? message : typeof wire === "string" ? inJson : expectedMessage(message);
    const read = roomMessageSchema.parse(value);
    expect(read).toEqual(meant);
    expect(audio.length === 0 ? value : message).toEqual(message);
  },
);

const packed = golden.client_frames.flatMap(({ name, encoding, frame, expect: { message } }) =>
  encoding === "msgpack" && message ? [[name, wireOf(frame) as Uint8Array, expectedMessage(message)] as const] : [],
);

test.each(packed)(
  "[W2] an independent library reads the frame %s, and what it writes is read the same",
  (_, wire, message) => {
    const read = independent.unpack(wire) as Record<string, unknown>;
    if ("content" in read) read["content"] = new Uint8Array(read["content"] as Uint8Array);
    expect(read).toMatchObject(message);
    expect(decodeFrame(new Uint8Array(independent.pack(read)))).toEqual({ ok: true, value: message });
  },
);

const sorted = (names: Iterable<string>): string[] => [...new Set(names)].sort((a, b) => a.localeCompare(b));
const inBoth = (types: readonly string[]): string[] =>
  sorted(types.flatMap((type) => [`json ${type}`, `msgpack ${type}`]));

test("every message has a golden frame in both encodings, and every refusal of the codec has one", () => {
  const good = golden.client_frames.flatMap(({ encoding, expect: { message } }) =>
    message ? [`${encoding} ${message.type}`] : [],
  );
  expect(sorted(good)).toEqual(inBoth(["chunk", "live", ...Object.keys(controlSchemas)]));
  const said = golden.room_messages.map(({ encoding, message: { type } }) => `${encoding} ${type}`);
  expect(sorted(said)).toEqual(inBoth(roomMessageSchema.options.map((option) => option.shape.type.value)));
  const refused = golden.client_frames.flatMap(({ expect: { error } }) => error ?? []);
  const codes = Object.keys(wireErrors);
  // The codec's own refusals stand first in the table. A frame above the size limit is not worth a file of 64 kB.
  expect(sorted(refused)).toEqual(sorted(codes.slice(0, codes.indexOf("meeting_mismatch"))));
});

/** A MessagePack string of less than 32 ASCII characters. */
const fixstr = (text: string): number[] => [0xa0 + text.length, ...Buffer.from(text, "ascii")];

function bytesOf(name: string): Uint8Array {
  const found = golden.client_frames.find((each) => each.name === name && each.encoding === "msgpack");
  const wire = found && wireOf(found.frame);
  if (!(wire instanceof Uint8Array)) throw new Error(`no MessagePack frame ${name}`);
  return wire;
}

describe("[W2] the bytes, written by hand from the MessagePack specification", () => {
  test("hello", () => {
    const hello = [
      0x84, // fixmap of 4
      // fixstr of 4: "type"
      0xa4,
      0x74,
      0x79,
      0x70,
      0x65,
      // fixstr of 5: "hello"
      0xa5,
      0x68,
      0x65,
      0x6c,
      0x6c,
      0x6f,
      ...fixstr("sample_rate"),
      // uint 16: 16000
      0xcd,
      0x3e,
      0x80,
      ...fixstr("channels"),
      0x01, // positive fixint: 1
      ...fixstr("format"),
      ...fixstr("pcm_s16le"),
    ];
    expect([...bytesOf("hello")]).toEqual(hello);
  });

  test("a chunk's header, and its length", () => {
    const header = [
      0x88, // fixmap of 8
      ...fixstr("type"),
      ...fixstr("chunk"),
      ...fixstr("meeting_id"),
      ...fixstr("golden-1"),
      ...fixstr("seq"),
      0x01,
      ...fixstr("timestamp_ms"),
      0xcf, // uint 64
      // 1,760,000,000,000
      0x00,
      0x00,
      0x01,
      0x99,
      0xc8,
      0x2c,
      0xc0,
      0x00,
      ...fixstr("sample_rate"),
      0xcd,
      0x3e,
      0x80,
      ...fixstr("channels"),
      0x01,
      ...fixstr("format"),
      ...fixstr("pcm_s16le"),
      ...fixstr("content"),
      0xc5, // bin 16
      // 32,000
      0x7d,
      0x00,
    ];
    const chunk = bytesOf("chunk");
    expect([...chunk.subarray(0, header.length)]).toEqual(header);
    expect(chunk.length).toBe(header.length + 32_000);
    // 7 * 36 + 1 = 253, then 260 and 267 without their high bits.
    expect([...chunk.subarray(header.length + 36, header.length + 39)]).toEqual([253, 4, 11]);
    expect(0x01_99c8_2cc0_00).toBe(1_760_000_000_000);
  });

  test("status, end and close", () => {
    expect([...bytesOf("status")]).toEqual([0x81, ...fixstr("type"), ...fixstr("status")]);
    const end = [0x82, ...fixstr("type"), ...fixstr("end"), ...fixstr("last_seq"), 0xcd, 0x01, 0x2c];
    expect([...bytesOf("end")]).toEqual(end);
    const close = [0x82, ...fixstr("type"), ...fixstr("close"), ...fixstr("reason"), ...fixstr("done")];
    expect([...bytesOf("close_reason")]).toEqual(close);
  });
});

/** Sends a golden frame and reads the one answer that it must bring. */
async function answerTo(client: TestClient, { frame, expect: expected }: GoldenFrame): Promise<object> {
  client.sendRaw(wireOf(frame));
  if (expected.error !== undefined) {
    const { code, seq } = await client.next("error");
    return { error: code, seq };
  }
  switch (expected.message.type) {
    case "hello":
      return { ready: (await client.next("ready")).ingest.track };
    case "chunk": {
      const { seq, status, sha256 } = await client.next("ack");
      return { seq, status, sha256 };
    }
    case "end": {
      const { last_seq, complete, missing } = await client.next("ended");
      return { last_seq, complete, missing };
    }
    case "close": {
      const { reason } = await client.next("closing");
      return { reason, code: (await client.closed()).code };
    }
    case "seen":
    case "live":
      // It has no answer; the one to a ping shows that.
      client.send({ type: "ping", n: 1 });
      return { type: (await client.next()).type };
    case "status":
    case "gap":
    case "ping":
      return { type: (await client.nextOf("status", "pong")).type };
    default:
      throw new Error(`nothing is known of ${expected.message.type}`);
  }
}

function expectedAnswer({ expect: expected }: GoldenFrame): object {
  if (expected.error !== undefined) return { error: expected.error, seq: expected.seq };
  const { message } = expected;
  if (message.type === "hello") return { ready: message["track"] ?? "mixed" };
  if (message.type === "chunk") {
    const { audio } = message["content"] as { audio: string };
    return { seq: message["seq"], status: "stored", sha256: golden.audio[audio]?.sha256 };
  }
  if (message.type === "end")
    return {
      last_seq: 300,
      complete: false,
      missing: [
        [3, 3],
        [5, 299],
      ],
    };
  if (message.type === "close") return { reason: message["reason"] ?? "client_close", code: 1000 };
  if (message.type === "gap") return { type: "status" };
  return {
    type: message.type === "ping" || message.type === "seen" || message.type === "live" ? "pong" : message.type,
  };
}

describe("a gateway is driven with them", () => {
  const gateway = useGateway();
  const session = golden.session_id;

  test.each(["json", "msgpack"] as const)("%s", async (encoding) => {
    const track = encoding;
    const frames = golden.client_frames.filter((each) => each.encoding === encoding);
    const answers: object[] = [];
    let client = await TestClient.connect(gateway, { session, track, encoding });
    for (const each of frames) {
      const type = each.expect.message?.type;
      if (type === "hello") {
        // On a connection that has no track yet: one of them names its own.
        const greeting = await TestClient.connect(gateway, { session, encoding });
        answers.push(await answerTo(greeting, each));
        await greeting.leave();
      } else {
        answers.push(await answerTo(client, each));
        if (type === "close") client = await TestClient.connect(gateway, { session, track, encoding });
      }
    }
    await client.leave();
    const named = (values: readonly object[]) => values.map((value, i) => ({ name: frames[i]?.name, ...value }));
    expect(named(answers)).toEqual(named(frames.map(expectedAnswer)));
    const { ingest_by_track } = await sessionState(gateway, session);
    expect(ingest_by_track[track]).toMatchObject({
      received_chunks: frames.filter(({ expect: { message } }) => message?.type === "chunk").length,
      duplicate_chunks: 0,
      rejected_chunks: frames.filter(({ expect: { error } }) => error !== undefined).length,
    });
  });
});
