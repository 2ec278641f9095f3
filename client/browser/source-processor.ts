/** The script of the audio thread, as text: it runs in a world of its own, which has no modules of ours. */
export const processorName = "roomtone-source";

/**
 * Runs on the audio thread; its blocks have the channels' samples by turns. A break ends a block, so that no block has samples of both sides of
 * it. The thread has two clocks, and neither is enough: frames are counted without a hole, but stand still while the context is suspended or
 * the machine sleeps; the wall clock goes on, but is set. So a block ends where frames are missing, and where the wall clock jumps either way:
 * one that was set meanwhile hides no break, and one that ends a block for nothing costs nothing, since how long a gap is, the capture finds by
 * a steady clock of its own.
 */
export const processorSource = `registerProcessor("${processorName}", class extends AudioWorkletProcessor {
  constructor({ processorOptions: { blockSamples, channels } }) {
    super();
    this.channels = channels;
    this.block = new Float32Array(blockSamples * channels);
    this.filled = 0;
    this.endedAt = 0;
    this.nextFrame = currentFrame;
    this.port.onmessage = () => {
      this.send();
      this.port.postMessage(null);
    };
  }
  process([inputs]) {
    const now = Date.now();
    const [first] = inputs;
    const isFull = first && this.filled + first.length * this.channels > this.block.length;
    const isBroken = Math.abs(now - this.endedAt) > 250 || currentFrame !== this.nextFrame;
    if (!first || isFull || isBroken) this.send();
    if (!first) return true;
    this.nextFrame = currentFrame + first.length;
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
