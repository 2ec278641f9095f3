/** The script of the audio thread, as text: it runs in a world of its own, which has no modules of ours. */
export const processorName = "roomtone-source";

/** Runs on the audio thread. A break in time ends a block, so that no block has samples of both sides of it. */
export const processorSource = `registerProcessor("${processorName}", class extends AudioWorkletProcessor {
  constructor({ processorOptions }) {
    super();
    this.block = new Float32Array(processorOptions.blockSamples);
    this.filled = 0;
    this.endedAt = 0;
    this.port.onmessage = () => {
      this.send();
      this.port.postMessage(null);
    };
  }
  process([[samples]]) {
    const now = Date.now();
    const isFull = samples && this.filled + samples.length > this.block.length;
    if (!samples || isFull || now - this.endedAt > 250) this.send();
    if (!samples) return true;
    this.block.set(samples, this.filled);
    this.filled += samples.length;
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
