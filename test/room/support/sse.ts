/** A reader of server-sent events: takes them as fast as they come. */

export class SseReader {
  text = "";
  isOver = false;
  #isCancelled = false;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;

  constructor(body: ReadableStream<Uint8Array>) {
    this.#reader = body.getReader();
    this.#read().catch((cause: unknown) => {
      if (!this.#isCancelled) throw cause;
    });
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    for (;;) {
      const { done, value } = await this.#reader.read();
      if (done) break;
      this.text += decoder.decode(value, { stream: true });
    }
    this.isOver = true;
  }

  get ids(): number[] {
    return [...this.text.matchAll(/^id: (\d+)$/gm)].map((match) => Number(match[1]));
  }

  cancel(): Promise<void> {
    this.#isCancelled = true;
    return this.#reader.cancel();
  }
}
