/** `asyncapi.json`: the WebSockets, from `schemas/wire/messages.ts` and what stands beside it. Actions are the gateway's: it receives what a client sends. */
import { jsonSubprotocol, msgpackSubprotocol } from "../../schemas/wire/messages.ts";
import { type Operation, type OperationId, operations } from "../../schemas/http/operations.ts";
import {
  type ClientMessageName,
  clientMessageNames,
  messageComponents,
  type MessageName,
  type RoomMessageName,
  roomMessageNames,
} from "./asyncapi-messages.ts";
import { liveQuery, sharedSchemas } from "./asyncapi-schemas.ts";
import { pathParametersOf, templateOf } from "./parameters.ts";
import { accessExtensions, accessSentence, securitySchemes } from "./security.ts";
import { limitsTable, wireErrorTable, wireErrorText } from "./tables.ts";
import { withoutUnused } from "./tidy-schema.ts";
import { version } from "./version.ts";

const schemaPrefix = "#/components/schemas/";
const description = `One connection streams one track of one session, or watches a session's event log.

- A frame is one message: text is JSON, binary is MessagePack. A client may send either on any connection. The room answers in the encoding of the chosen subprotocol, \`${jsonSubprotocol}\` or \`${msgpackSubprotocol}\`; in JSON where neither was offered.
- The two encodings have the same fields, but for a chunk's audio: \`content_b64\` (standard base64, RFC 4648 §4, padded, without white space) in JSON, \`content\` (bin) in MessagePack. The schemas and examples here are the JSON form.
- Unknown fields are ignored, unknown types refused with \`unknown_type\`.
- The credential is \`Authorization: Bearer …\`, or the subprotocol \`bearer.<token>\` offered beside one of the others (browsers), or \`?token=\`. API keys go in the header only.
- A refusal that a client must understand is an accepted upgrade, one \`error\`, and the close code. Only what is no WebSocket request, or has a malformed name, is refused over HTTP: see [openapi.json](/openapi.json).
- A client sends at most \`ready.limits.max_in_flight\` chunks that were not acked, keeps each until it is, and after a reconnect sends what \`ready.resume\` names.

## Errors and close codes

Where a close code stands, the connection ends with it. Retryable: the same frame may succeed later, unchanged.

${wireErrorText}`;

interface Channel {
  readonly id: Extract<OperationId, "ingest" | "ingestTrack" | "live">;
  readonly title: string;
  readonly client: readonly ClientMessageName[];
  readonly room: readonly RoomMessageName[];
}

const channels: readonly Channel[] = [
  { id: "ingest", title: "Stream a track", client: clientMessageNames, room: roomMessageNames },
  {
    id: "ingestTrack",
    title: "Stream the track that the path names",
    client: clientMessageNames,
    room: roomMessageNames,
  },
  {
    id: "live",
    title: "Watch the event log, and listen",
    client: ["ping", "seen", "close"],
    room: ["event", "relayed", "error", "pong", "closing"],
  },
];

/** What the room answers to a message, when all is well; null where that is nothing. */
const replies: Readonly<Record<ClientMessageName, RoomMessageName | null>> = {
  hello: "ready",
  chunk: "ack",
  statusRequest: "status",
  ping: "pong",
  end: "ended",
  gap: "status",
  seen: null,
  live: null,
  close: "closing",
};

const subprotocols = [
  { name: jsonSubprotocol, meaning: "The room answers in JSON, in text frames." },
  { name: msgpackSubprotocol, meaning: "The room answers in MessagePack, in binary frames." },
  {
    name: "bearer.<token>",
    meaning:
      "Carries a session token; chooses no encoding. Offer it beside one of the others; alone, it is given back as the chosen one.",
  },
];

const asyncSecurity = {
  apiKey: securitySchemes.apiKey,
  sessionToken: securitySchemes.sessionToken,
  sessionTokenInSubprotocol: {
    type: "httpApiKey",
    in: "header",
    name: "sec-websocket-protocol",
    description:
      "The session token as one of the offered subprotocols, `bearer.<token>`: for browsers, and kept out of logs.",
  },
  sessionTokenInQuery: { ...securitySchemes.sessionTokenInQuery, type: "httpApiKey" },
};
const securityRefs = Object.keys(asyncSecurity).map((name) => ({ $ref: `#/components/securitySchemes/${name}` }));
const inQuery = {
  token: { type: "string", description: "A session token, where it can be sent in no other way." },
};

function channelObject({ id, title, client, room }: Channel): object {
  const operation: Operation = operations[id];
  const parameters = pathParametersOf(operation).map(([name, { description: text, example }]) => [
    name,
    { description: text, examples: [String(example)] },
  ]);
  const names: MessageName[] = [...client, ...room];
  const query = { type: "object", properties: { ...inQuery, ...(id === "live" ? liveQuery.properties : {}) } };
  const headers = {
    type: "object",
    properties: {
      authorization: { type: "string", description: "`Bearer` and an API key or session token." },
      "sec-websocket-protocol": {
        type: "string",
        description: "The subprotocols that are offered, with commas between.",
        examples: [jsonSubprotocol, `${msgpackSubprotocol}, bearer.<token>`],
      },
    },
  };
  return {
    address: templateOf(operation.path),
    title,
    summary: operation.summary,
    description: accessSentence(operation),
    parameters: Object.fromEntries(parameters),
    messages: Object.fromEntries(names.map((name) => [name, { $ref: `#/components/messages/${name}` }])),
    bindings: { ws: { method: "GET", query, headers, bindingVersion: "0.1.0" } },
    "x-subprotocols": subprotocols,
    ...accessExtensions(operation),
  };
}

const messageRef = (channel: string, name: string): { $ref: string } => ({
  $ref: `#/channels/${channel}/messages/${name}`,
});

function operationsOf({ id, client, room }: Channel): [string, object][] {
  const channel = { $ref: `#/channels/${id}` };
  const received = client.map((name): [string, object] => [
    `${id}.receive.${name}`,
    {
      action: "receive",
      channel,
      summary: `Client sends ${name === "statusRequest" ? "status" : name}`,
      messages: [messageRef(id, name)],
      reply: {
        channel,
        messages: [replies[name] ?? [], "error" as const].flat().map((reply) => messageRef(id, reply)),
      },
    },
  ]);
  const unasked = room.filter((name) => !client.some((asked) => replies[asked] === name) || name === "closing");
  const sent = unasked.map((name): [string, object] => [
    `${id}.send.${name}`,
    { action: "send", channel, summary: `Gateway sends ${name}`, messages: [messageRef(id, name)] },
  ]);
  return [...received, ...sent];
}

function asyncapiDocument(): object {
  const spoken = Object.fromEntries(channels.map((channel) => [channel.id, channelObject(channel)]));
  const schemas = withoutUnused(messageComponents, sharedSchemas, schemaPrefix);
  return {
    asyncapi: "3.0.0",
    info: { title: "Roomtone", version, description },
    defaultContentType: "application/json",
    servers: {
      deployment: {
        host: "{host}",
        protocol: "wss",
        description: "A deployment of the gateway.",
        variables: { host: { description: "Where it runs.", default: "roomtone.example.com" } },
        security: securityRefs,
      },
      local: {
        host: "127.0.0.1:8787",
        protocol: "ws",
        description: "`npm start` on this machine. With `AUTH_MODE=off` no credential is looked at.",
      },
    },
    channels: spoken,
    operations: Object.fromEntries(channels.flatMap(operationsOf)),
    components: { schemas, messages: messageComponents, securitySchemes: asyncSecurity },
    "x-subprotocols": subprotocols,
    "x-errors": wireErrorTable,
    "x-limits": limitsTable,
  };
}

export const asyncapi = asyncapiDocument();
