/** The messages of `asyncapi.json`, in both directions. */
import { chunkBytes } from "../../schemas/wire/audio.ts";
import { type MessageSchemaName, messageSchema } from "./asyncapi-schemas.ts";
import { messageExamples } from "./examples.ts";
import { wireErrorTable } from "./tables.ts";

interface Source {
  /** Its `type`. */
  readonly type: string;
  readonly schema: MessageSchemaName;
  readonly summary: string;
  readonly description?: string;
}

/** From the client, by the name that the document gives them. */
const fromClient = {
  hello: {
    type: "hello",
    schema: "helloSchema",
    summary: "Says what is streamed, and asks where the track stands",
    description:
      "Answered by `ready`. A chunk may come before it, or without it. With `subscribe` the connection also gets events; a later `hello` replaces the topics.",
  },
  chunk: {
    type: "chunk",
    schema: "jsonChunkSchema",
    summary: "One second of audio",
    description: `Answered by \`ack\` once its bytes are committed, or by \`error\`. Chunks may come out of order, with gaps, and twice. Exactly ${chunkBytes.toLocaleString("en-US")} bytes of s16le, 16,000 Hz, mono. In JSON they are \`content_b64\`; in MessagePack there is no \`content_b64\`, and they are \`content\`, a bin.`,
  },
  statusRequest: {
    type: "status",
    schema: "statusRequestSchema",
    summary: "Asks where the track stands",
  },
  ping: {
    type: "ping",
    schema: "pingSchema",
    summary: "Asks for a sign of life",
    description:
      'The exact text `{"type":"ping"}` is answered `{"type":"pong"}` by the platform without waking the room, on a MessagePack connection too.',
  },
  end: {
    type: "end",
    schema: "endSchema",
    summary: "Nothing follows on this track",
    description:
      "Answered by `ended`. What lies between the last kept chunk and `last_seq` is then missing. A later one replaces it.",
  },
  gap: {
    type: "gap",
    schema: "declareGapSchema",
    summary: "Some seconds will never be sent, and why",
    description: "Answered by `status`. What is kept of them stays kept. `from_seq` is at most `to_seq`.",
  },
  seen: {
    type: "seen",
    schema: "seenSchema",
    summary: "All up to the message with this mark was read",
    description:
      "Has no answer. Sent whenever a message of the room bears a `mark`: without it events stop after a megabyte, and then the connection ends with `slow_consumer`.",
  },
  live: {
    type: "live",
    schema: "jsonLiveSchema",
    summary: "Audio for those who listen now",
    description:
      "Passed on and never kept: has no answer, and costs nothing while nobody listens, which `ready.live` and `listeners` tell. 20 to 250 ms of s16le, mono. In MessagePack there is no `content_b64`, and the bytes are `content`, a bin.",
  },
  close: {
    type: "close",
    schema: "closeSchema",
    summary: "Asks the room to close",
    description: "Answered by `closing` and close code 1000.",
  },
} as const satisfies Record<string, Source>;

const fromRoom = {
  ready: {
    type: "ready",
    schema: "readySchema",
    summary: "Where the track stands, and what to send",
  },
  ack: {
    type: "ack",
    schema: "ackSchema",
    summary: "The chunk is kept",
    description: "Sent only once the chunk is committed to the room's storage: it may be forgotten then.",
  },
  status: { type: "status", schema: "statusSchema", summary: "Where the track stands" },
  ended: { type: "ended", schema: "endedSchema", summary: "The answer to `end`" },
  error: {
    type: "error",
    schema: "errorSchema",
    summary: "A frame or the connection is refused",
    description:
      "What each `code` means, whether the connection ends with it and with which close code, is in `x-errors`. A bad frame stores nothing and leaves the connection usable.",
  },
  pong: { type: "pong", schema: "pongSchema", summary: "A sign of life" },
  closing: {
    type: "closing",
    schema: "closingSchema",
    summary: "The room closes the connection next, and nothing is wrong",
    description: "`superseded`: 4409 follows, and this client must not come back. Else 1000.",
  },
  event: {
    type: "event",
    schema: "eventMessageSchema",
    summary: "A row of the session's event log",
    description: "For those who watch, and for those who subscribed with `hello`.",
  },
  listeners: {
    type: "listeners",
    schema: "listenersSchema",
    summary: "Whether somebody else listens to live audio, from now on",
    description: "For connections that said `hello`, whenever it changes.",
  },
  relayed: {
    type: "live",
    schema: "liveSchema",
    summary: "Live audio of another connection",
    description:
      "For those who watch with `topics=live`, and for those who subscribed to `live`. Who is slow to tell what it has `seen` loses some. In MessagePack the bytes are `content`, a bin.",
  },
} as const satisfies Record<string, Source>;

export type ClientMessageName = keyof typeof fromClient;
export type RoomMessageName = keyof typeof fromRoom;
export type MessageName = ClientMessageName | RoomMessageName;
export const clientMessageNames = Object.keys(fromClient) as ClientMessageName[];
export const roomMessageNames = Object.keys(fromRoom) as RoomMessageName[];

/** What MessagePack writes otherwise than JSON. */
const msgpackForm = {
  chunk: {
    "x-msgpack": { replaces: "content_b64", field: "content", type: "bin", bytes: chunkBytes },
  },
  live: { "x-msgpack": { replaces: "content_b64", field: "content", type: "bin" } },
};

function messageObject(name: string, source: Source): object {
  const { type, schema, summary, description } = source;
  const examples = messageExamples(name);
  return {
    name: type,
    title: type,
    summary,
    ...(description === undefined ? {} : { description }),
    contentType: "application/json",
    payload: messageSchema(schema),
    examples: examples.map((example, i) => ({
      name: examples.length === 1 ? type : `${type}_${i + 1}`,
      summary: example.summary,
      payload: example.value,
    })),
    ...(name === "chunk" ? msgpackForm.chunk : {}),
    ...(type === "live" ? msgpackForm.live : {}),
    ...(name === "error" ? { "x-codes": wireErrorTable.map(({ code }) => code) } : {}),
  };
}

export const messageComponents: Readonly<Record<string, object>> = Object.fromEntries(
  Object.entries({ ...fromClient, ...fromRoom }).map(([name, source]) => [name, messageObject(name, source)]),
);
