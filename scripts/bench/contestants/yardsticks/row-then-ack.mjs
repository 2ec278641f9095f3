// The least that durable can be on the platform: a frame is decoded and hashed, and becomes one row of the room's SQLite before its ack.
import { createHash } from "node:crypto";
import { decode } from "@msgpack/msgpack";
import { getServerByName, Server } from "partyserver";

export class Yardstick extends Server {
  static options = { hibernate: true };

  onStart() {
    this.ctx.storage.sql.exec(
      "CREATE TABLE IF NOT EXISTS chunks (track TEXT, seq INTEGER, sha256 BLOB, audio BLOB, PRIMARY KEY (track, seq))",
    );
  }

  onMessage(connection, message) {
    const { seq, content } = decode(new Uint8Array(message));
    const sha256 = createHash("sha256").update(content).digest();
    this.ctx.storage.sql.exec("INSERT INTO chunks VALUES ('mic', ?, ?, ?)", seq, sha256, content);
    connection.send('{"type":"ack"}');
  }
}

export default {
  async fetch(request, env) {
    const room = await getServerByName(env.YARDSTICK, new URL(request.url).pathname.replaceAll("/", "-"));
    return room.fetch(request);
  },
};
