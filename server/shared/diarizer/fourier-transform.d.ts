/** The package ships no types; only what is used here. */
declare module "fourier-transform" {
  /**
   * Unnormalized DFT of real input of a power-of-two length N.
   * @returns real and imaginary parts, N/2+1 bins each: views that the next call overwrites.
   */
  export function fft(input: Float64Array): [Float64Array, Float64Array];
}
