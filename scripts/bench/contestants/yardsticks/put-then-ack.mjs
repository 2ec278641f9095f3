// The straightforward way: frames one after the other, one R2 put and one storage write before each ack.
import { Server } from "partyserver";

export class Yardstick extends Server {
  static options = { hibernate: true };
  #queue = Promise.resolve();

  onMessage(connection, text) {
    const done = this.#queue.then(() => this.#keep(connection, JSON.parse(text)));
    this.#queue = done;
    return done;
  }

  async #keep(connection, frame) {
    const pcm = Uint8Array.from(atob(frame.content_b64), (char) => char.charCodeAt(0));
    const totals = (await this.ctx.storage.get("totals")) ?? { chunks: 0, bytes: 0 };
    await this.env.BUCKET.put(`${this.name}/${String(frame.seq).padStart(8, "0")}`, pcm);
    await this.ctx.storage.put("totals", { chunks: totals.chunks + 1, bytes: totals.bytes + pcm.byteLength });
    connection.send('{"type":"ack"}');
  }
}

export default {
  fetch(request, env) {
    return env.YARDSTICK.getByName(new URL(request.url).pathname.replaceAll("/", "-")).fetch(request);
  },
};
