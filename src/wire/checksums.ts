import { toHex } from "../domain/bytes.ts";
import type { Checksum, ChecksumAlgorithm } from "../domain/checksums.ts";
import { invalidParameter } from "../domain/errors.ts";

/** Names of algorithms in `Digest`, `Content-Digest` and `Repr-Digest` (IANA's registry). Others are ignored, as RFC 9530 allows. */
const ALGORITHMS: Readonly<Record<string, ChecksumAlgorithm>> = {
  md5: "md5",
  "sha-256": "sha256",
  "sha-512": "sha512",
};

const BYTES: Readonly<Record<ChecksumAlgorithm, number>> = { md5: 16, sha256: 32, sha512: 64 };

/**
 * The checksums of a body that its headers announce: `Content-MD5`, `x-amz-checksum-sha256`, `Digest` (RFC 3230),
 * `Content-Digest` and `Repr-Digest` (RFC 9530; bodies are stored as they come, so both are of the same bytes).
 * @throws MlflowError INVALID_PARAMETER_VALUE for a value that is no checksum.
 */
export function announcedChecksums(headers: Headers): readonly Checksum[] {
  const found: Checksum[] = [];
  const add = (header: string, algorithm: ChecksumAlgorithm, base64: string) => {
    found.push({ header, algorithm, hex: hexOf(header, algorithm, base64) });
  };
  const md5 = headers.get("Content-MD5");
  if (md5 !== null) add("Content-MD5", "md5", md5.trim());
  const sha256 = headers.get("x-amz-checksum-sha256");
  if (sha256 !== null) add("x-amz-checksum-sha256", "sha256", sha256.trim());
  for (const [name, value] of pairsIn(headers.get("Digest"))) {
    const algorithm = ALGORITHMS[name];
    if (algorithm !== undefined) add("Digest", algorithm, value);
  }
  for (const header of ["Content-Digest", "Repr-Digest"]) {
    for (const [name, value] of pairsIn(headers.get(header))) {
      const algorithm = ALGORITHMS[name];
      if (algorithm !== undefined) add(header, algorithm, /^:(.*):$/.exec(value)?.[1] ?? "");
    }
  }
  return found;
}

/** The members of `name=value, name=value`. A value of base64 ends with equals signs of its own. */
function pairsIn(list: string | null): [name: string, value: string][] {
  return (list ?? "")
    .split(",")
    .map((pair) => pair.trim())
    .filter((pair) => pair !== "")
    .map((pair) => {
      const [, name = "", value = ""] = /^([^=]*)=?(.*)$/s.exec(pair) ?? [];
      return [name.trim().toLowerCase(), value.trim()];
    });
}

function hexOf(header: string, algorithm: ChecksumAlgorithm, base64: string): string {
  const bytes = BYTES[algorithm];
  const characters = 4 * Math.ceil(bytes / 3);
  if (base64.length !== characters || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) {
    throw invalidParameter(`The header ${header} is no checksum: ${algorithm} has ${bytes} bytes, in base64.`);
  }
  return toHex(Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)));
}
