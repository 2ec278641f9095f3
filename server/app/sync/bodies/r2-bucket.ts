/** The port over an R2 bucket. */
import type { BodyBucket } from "./body-bucket.ts";

export function r2Bucket(bucket: R2Bucket): BodyBucket {
  return {
    putNew: async (key, bytes) => {
      await bucket.put(key, bytes, { onlyIf: new Headers({ "if-none-match": "*" }) });
    },
    begin: async (key) => (await bucket.createMultipartUpload(key)).uploadId,
    putPart: (key, uploadId, part, bytes) => bucket.resumeMultipartUpload(key, uploadId).uploadPart(part, bytes),
    finish: async (key, uploadId, parts) =>
      void (await bucket.resumeMultipartUpload(key, uploadId).complete([...parts])),
    abort: (key, uploadId) => bucket.resumeMultipartUpload(key, uploadId).abort(),
    check: async (key) => {
      const object = await bucket.get(key);
      if (!object) return undefined;
      const digest = new crypto.DigestStream("SHA-256");
      await object.body.pipeTo(digest);
      return { bytes: object.size, sha256: new Uint8Array(await digest.digest).toHex() };
    },
    text: async (key) => {
      const object = await bucket.get(key);
      if (!object) return undefined;
      const bytes = await object.arrayBuffer();
      try {
        return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
      } catch {
        return undefined;
      }
    },
    delete: (key) => bucket.delete(key),
  };
}
