export type ChecksumAlgorithm = "md5" | "sha256" | "sha512";

/** A checksum that a client announces of the bytes that it sends. */
export interface Checksum {
  /** The header that announces it. */
  readonly header: string;
  readonly algorithm: ChecksumAlgorithm;
  /** Lower-case hex digits. */
  readonly hex: string;
}
