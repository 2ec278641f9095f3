/** The script of the audio thread that plays live audio, as text: it runs in a world of its own, which has no modules of ours. */
export const playerName = "roomtone-player";

/** Tracks that are played at once: a meeting's, and some that came and went. The one that came first makes room. */
export const maxTracks = 64;

/** A track's first sound waits so long, so that what comes late is there when its turn comes. */
export const playDelayMs = 150;

/**
 * Runs on the audio thread: a queue for each track, all of them mixed. Where one runs dry in the middle, its next sound waits longer, half
 * a second at most, and what was inserted so is taken back in its pauses: what a sender sent ahead of time is never cut short.
 */
export const playerSource = `registerProcessor("${playerName}", class extends AudioWorkletProcessor {
  constructor() {
    super();
    this.tracks = new Map();
    this.least = Math.round(sampleRate * ${playDelayMs / 1_000});
    this.port.onmessage = ({ data }) => this.take(data);
  }
  take({ track, samples, flush }) {
    if (!this.tracks.has(track)) {
      if (this.tracks.size >= ${maxTracks}) this.tracks.delete(this.tracks.keys().next().value);
      this.tracks.set(track, { blocks: [], at: 0, held: 0, plays: false, waited: 0, delay: this.least, debt: 0, dryAt: -Infinity });
    }
    const queue = this.tracks.get(track);
    if (flush) Object.assign(queue, { blocks: [], at: 0, held: 0, plays: false, waited: 0, debt: 0, dryAt: -Infinity });
    if (queue.held === 0 && !queue.plays) {
      const dry = currentFrame - queue.dryAt;
      const wasLate = dry < sampleRate / 2;
      queue.delay = wasLate ? Math.min(queue.delay * 1.5, sampleRate / 2) : this.least;
      queue.debt = wasLate ? Math.min(queue.debt + dry, sampleRate * 5) : 0;
      queue.waited = 0;
    }
    queue.blocks.push(samples);
    queue.held += samples.length;
    while (queue.held > sampleRate * 10) {
      queue.held -= queue.blocks[0].length - queue.at;
      queue.blocks.shift();
      queue.at = 0;
    }
  }
  process(inputs, [[out]]) {
    for (const queue of this.tracks.values()) {
      if (queue.held === 0) continue;
      if (!queue.plays) {
        queue.waited += out.length;
        if (queue.waited < queue.delay) continue;
        queue.plays = true;
        queue.debt += queue.delay - this.least;
      }
      let quantum = this.read(queue, out.length);
      while (queue.debt > 0 && queue.held > queue.delay && this.isQuiet(quantum)) {
        queue.debt -= quantum.length;
        quantum = this.read(queue, out.length);
      }
      for (let i = 0; i < quantum.length; i += 1) out[i] += quantum[i];
      if (queue.held > 0) continue;
      queue.plays = false;
      queue.dryAt = currentFrame;
    }
    return true;
  }
  read(queue, count) {
    const quantum = new Float32Array(Math.min(count, queue.held));
    for (let filled = 0; filled < quantum.length; ) {
      const some = queue.blocks[0].subarray(queue.at, queue.at + quantum.length - filled);
      quantum.set(some, filled);
      filled += some.length;
      queue.at += some.length;
      if (queue.at < queue.blocks[0].length) continue;
      queue.blocks.shift();
      queue.at = 0;
    }
    queue.held -= quantum.length;
    return quantum;
  }
  isQuiet(quantum) {
    let sum = 0;
    for (const sample of quantum) sum += sample * sample;
    return sum < quantum.length * 1e-5;
  }
});`;
