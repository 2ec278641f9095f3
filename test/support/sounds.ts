/** Sounds at 16 kHz in which nobody speaks. */
const rateHz = 16_000;

export function seconds(count: number): Float32Array {
  return new Float32Array(count * rateHz);
}

/** The same at every call. */
export function noise(count: number, level: number): Float32Array {
  let state = 7;
  return seconds(count).map(() => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return level * (state / 2 ** 31 - 1);
  });
}

export function tone(hz: number, count: number): Float32Array {
  return seconds(count).map((_, i) => 0.3 * Math.sin((2 * Math.PI * hz * i) / rateHz));
}

/** Chords, struck twice a second, over a bass. */
export function music(count: number): Float32Array {
  const chord = [261.6, 329.6, 392, 523.2];
  const steps = [1, 1.122, 1.335, 1.498];
  return seconds(count).map((_, i) => {
    const beat = (2 * i) / rateHz;
    const step = steps[Math.floor(beat / 4) % steps.length] ?? 1;
    const sum = [...chord, 65.4].reduce((all, hz) => all + Math.sin((2 * Math.PI * hz * step * i) / rateHz), 0);
    return 0.12 * sum * Math.exp(-3 * (beat % 1));
  });
}
