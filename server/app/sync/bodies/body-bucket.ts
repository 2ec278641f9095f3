/** R2 as bodies use it: a port, so that all that happens around it runs without a platform. Each call may fail, or never answer. */
export interface UploadedPart {
  readonly partNumber: number;
  readonly etag: string;
}

export interface BodyBucket {
  /** Leaves what is there already: what comes late is never put in the place of what was checked. */
  putNew(key: string, bytes: Uint8Array): Promise<void>;
  /** @returns the name of the upload. */
  begin(key: string): Promise<string>;
  putPart(key: string, uploadId: string, part: number, bytes: Uint8Array): Promise<UploadedPart>;
  finish(key: string, uploadId: string, parts: readonly UploadedPart[]): Promise<void>;
  abort(key: string, uploadId: string): Promise<void>;
  /** Bytes and SHA-256 of an object, read to its end; undefined where there is none. */
  check(key: string): Promise<{ readonly bytes: number; readonly sha256: string } | undefined>;
  /** Undefined where there is none, or its bytes are no UTF-8. */
  text(key: string): Promise<string | undefined>;
  delete(key: string): Promise<void>;
}

/** Which bodies a tenant has, and who holds them: another object. Asked again, each answers as before. */
export interface Holders {
  /** @returns the key under which the body is kept for everybody of the tenant. */
  hold(body: HeldBody): Promise<string>;
  release(body: Omit<HeldBody, "bytes">): Promise<void>;
}

export interface HeldBody {
  readonly sha256: string;
  readonly bytes: number;
  /** Where the one who asks has put it. From then on it is the registry's. */
  readonly key: string;
  /** Names one upload of one user. */
  readonly holder: string;
}
