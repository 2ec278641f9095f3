/** What two ends of a connection agree on before the first message. Knows no schema, so that a page need not load one for it. */
export const protocolVersion = 1;
export const jsonSubprotocol = "roomtone.v1.json";
export const msgpackSubprotocol = "roomtone.v1.msgpack";
/** As `interview.proto` has it. */
export const protoSubprotocol = "roomtone.v1.proto";
/** The exact text the platform answers without waking the room. */
export const pingText = '{"type":"ping"}';
export const pongText = '{"type":"pong"}';
