/**
 * What the engine does with R2, as narrow as each part needs it. `R2Bucket` is all of it; whoever uses these knows nothing
 * else of the platform, and a test in Node can stand in for them.
 */

export interface StoredObject {
  /** What R2 noted at the put; an object that was put in parts has none. */
  readonly checksums?: { readonly md5?: ArrayBuffer };
  arrayBuffer(): Promise<ArrayBuffer>;
}

/** A bucket whose objects can be read. */
export interface ReadBucket {
  /** Null where there is no such object. */
  get(key: string): Promise<StoredObject | null>;
}

export interface PutOptions {
  /** R2 refuses bytes that have another SHA-256. */
  readonly sha256?: ArrayBuffer;
  readonly customMetadata?: Record<string, string>;
  readonly httpMetadata?: { readonly contentType: string };
}

/** A bucket that objects can be put into. */
export interface WriteBucket {
  put(key: string, value: ArrayBuffer | string | ReadableStream, options: PutOptions): Promise<unknown>;
}

/** An object that is put part by part. */
export interface Upload {
  readonly uploadId: string;
  uploadPart(number: number, bytes: Uint8Array<ArrayBuffer>): Promise<{ readonly etag: string }>;
  complete(parts: { partNumber: number; etag: string }[]): Promise<unknown>;
  abort(): Promise<void>;
}

/** A bucket whose objects can be put part by part. */
export interface UploadBucket {
  createMultipartUpload(key: string, options: Omit<PutOptions, "sha256">): Promise<Upload>;
  resumeMultipartUpload(key: string, uploadId: string): Upload;
  /** Null where there is no such object. */
  head(key: string): Promise<{ readonly size: number; readonly customMetadata?: Record<string, string> } | null>;
}
