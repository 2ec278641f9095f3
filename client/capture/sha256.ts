/** @returns the SHA-256 in hex; undefined where the runtime has none: pages that did not come over HTTPS. */
export async function sha256Hex(bytes: Uint8Array): Promise<string | undefined> {
  const { subtle } = crypto as { readonly subtle?: typeof crypto.subtle };
  if (!subtle) return undefined;
  const digest = new Uint8Array(await subtle.digest("SHA-256", bytes.slice()));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
