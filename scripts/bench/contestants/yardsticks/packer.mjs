// Puts what a room would archive, several chunks an object: what packing would save besides the price.
import { DurableObject } from "cloudflare:workers";

const chunkBytes = 32_000;
/** As the gateway's archive has them. */
const lanes = 4;

export class Yardstick extends DurableObject {
  async fetch(request) {
    const { searchParams } = new URL(request.url);
    const [chunks, each] = [Number(searchParams.get("chunks")), Number(searchParams.get("each"))];
    const prefix = crypto.randomUUID();
    let next = 0;
    const walk = async () => {
      while (next < chunks / each) {
        const index = next;
        next += 1;
        const bytes = new Uint8Array(chunkBytes * each).fill(index);
        const sha256 = await crypto.subtle.digest("SHA-256", bytes);
        await this.env.BUCKET.put(`${prefix}/${index}`, bytes, { sha256 });
      }
    };
    await Promise.all(Array.from({ length: lanes }, walk));
    return new Response(String(next));
  }
}

export default {
  fetch(request, env) {
    return env.YARDSTICK.getByName("packer").fetch(request);
  },
};
