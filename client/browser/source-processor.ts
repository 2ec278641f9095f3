/** The script of the audio thread, as text: it runs in a world of its own, which has no modules of ours. */
export const processorName = "roomtone-source";

/**
 * Runs on the audio thread; its blocks have the channels' samples by turns. A break in time ends a block, so that no block has samples
 * of both sides of it.
 */
export const processorSource = `registerProcessor("${processorName}", class extends AudioWorkletProcessor {
  constructor({ processorOptions: { blockSamples, channels } }) {
    super();
    this.channels = channels;
    this.block = new Float32Array(blockSamples * channels);
    this.filled = 0;
    this.endedAt = 0;
    this.port.onmessage = () => {
      this.send();
      this.port.postMessage(null);
    };
  }
  process([inputs]) {
    const now = Date.now();
    const [first] = inputs;
    const isFull = first && this.filled + first.length * this.channels > this.block.length;
    if (!first || isFull || now - this.endedAt > 250) this.send();
    if (!first) return true;
    for (let channel = 0; channel < this.channels; channel += 1) {
      const samples = inputs[channel] ?? first;
      for (let i = 0; i < samples.length; i += 1) this.block[this.filled + i * this.channels + channel] = samples[i];
    }
    this.filled += first.length * this.channels;
    this.endedAt = now;
    return true;
  }
  send() {
    if (this.filled === 0) return;
    const samples = this.block.slice(0, this.filled);
    this.filled = 0;
    this.port.postMessage({ samples, endedAt: this.endedAt }, [samples.buffer]);
  }
});`;
