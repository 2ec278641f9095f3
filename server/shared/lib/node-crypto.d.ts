// workerd has Node's synchronous hash and comparison (nodejs_compat). Only this much of it is used, and Node's whole type
// package would bring the globals of another world along.
declare module "node:crypto" {
  interface Hash {
    update(bytes: Uint8Array): Hash;
    digest(): Uint8Array<ArrayBuffer>;
  }
  export function createHash(algorithm: "sha256" | "md5"): Hash;
  /** Throws unless both are of one length. */
  export function timingSafeEqual(one: Uint8Array, other: Uint8Array): boolean;
}
