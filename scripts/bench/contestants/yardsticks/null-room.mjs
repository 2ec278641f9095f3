// The ceiling: a hibernating PartyServer room that answers every frame and decodes and keeps nothing.
import { getServerByName, Server } from "partyserver";

export class Yardstick extends Server {
  static options = { hibernate: true };

  onMessage(connection) {
    connection.send('{"type":"ack"}');
  }
}

export default {
  async fetch(request, env) {
    const room = await getServerByName(env.YARDSTICK, new URL(request.url).pathname.replaceAll("/", "-"));
    return room.fetch(request);
  },
};
