/** `schemas/wire/interview.proto`, for clients in other languages: written from the table that the room reads and writes by. */
import { clientTypes, protoMessages, type ProtoField, roomTypes } from "../../schemas/wire/proto/fields.ts";

const head = `// Written by \`npm run generate\` from schemas/wire/proto/fields.ts.
//
// The protocol of a meeting's connection as Protocol Buffers, subprotocol "roomtone.v1.proto": each binary frame a client sends is one
// ClientMessage, and each one that it gets is one RoomMessage. What the messages mean, and which values they take, is in schemas/SPEC.md
// and docs/reference.md, under the same names.
syntax = "proto3";

package roomtone.v1;
`;

function lineOf(name: string, { n, kind, isOptional, isRepeated, about }: ProtoField): string {
  const label = isRepeated ? "repeated " : isOptional ? "optional " : "";
  return `  ${label}${kind} ${name} = ${n};${about === undefined ? "" : ` // ${about}`}`;
}

function oneOf(name: string, about: string, types: Readonly<Record<string, { n: number; kind: string }>>): string {
  const lines = Object.entries(types).map(([type, { n, kind }]) => `    ${kind} ${type} = ${n};`);
  return `// ${about}\nmessage ${name} {\n  oneof message {\n${lines.join("\n")}\n  }\n}\n`;
}

function messageText([name, fields]: [string, Readonly<Record<string, ProtoField>>]): string {
  const lines = Object.entries(fields)
    .toSorted(([, a], [, b]) => a.n - b.n)
    .map(([field, about]) => lineOf(field, about));
  return lines.length === 0 ? `message ${name} {}\n` : `message ${name} {\n${lines.join("\n")}\n}\n`;
}

export const protoText = [
  head,
  oneOf("ClientMessage", "Client to room.", clientTypes),
  oneOf("RoomMessage", "Room to client.", roomTypes),
  ...Object.entries(protoMessages).map(messageText),
].join("\n");
