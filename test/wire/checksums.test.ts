import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { announcedChecksums } from "../../src/wire/checksums.ts";
import { refusalOf } from "../domain/refused.ts";

const digest = (algorithm: string, encoding: "base64" | "hex") => createHash(algorithm).update("abc").digest(encoding);
const [MD5, SHA256, SHA512] = ["md5", "sha256", "sha512"].map((algorithm) => digest(algorithm, "base64"));
const hex = (algorithm: string) => digest(algorithm, "hex");

test.each([
  ["Content-MD5", ` ${MD5} `, "md5"],
  ["x-amz-checksum-sha256", ` ${SHA256} `, "sha256"],
  ["Digest", `SHA-256=${SHA256}`, "sha256"],
  ["Digest", `md5=${MD5}`, "md5"],
  ["Digest", `unixsum=1, , sha-512 = ${SHA512}`, "sha512"],
  ["Content-Digest", `sha-256=:${SHA256}:`, "sha256"],
  ["Repr-Digest", `crc32c=:AAAAAA==:, sha-512=:${SHA512}:`, "sha512"],
])("%s: %s is a checksum", (header, value, algorithm) => {
  expect(announcedChecksums(new Headers({ [header]: value }))).toEqual([{ header, algorithm, hex: hex(algorithm) }]);
});

test("all headers count, and headers that announce nothing do not", () => {
  const headers = new Headers({
    "Content-MD5": MD5!,
    "x-amz-checksum-sha256": SHA256!,
    Digest: `md5=${MD5},sha-256=${SHA256}`,
    "Content-Digest": `sha-512=:${SHA512}:`,
  });
  expect(announcedChecksums(headers).map((one) => `${one.header} ${one.algorithm}`)).toEqual([
    "Content-MD5 md5",
    "x-amz-checksum-sha256 sha256",
    "Digest md5",
    "Digest sha256",
    "Content-Digest sha512",
  ]);
  expect(
    announcedChecksums(new Headers({ Digest: "", "Content-Digest": "crc32c=:x:", "Content-Type": "a/b" })),
  ).toEqual([]);
});

test.each([
  ["Content-MD5", SHA256!, "md5 has 16 bytes"],
  ["Content-MD5", hex("md5"), "md5 has 16 bytes"],
  ["Content-MD5", "", "md5 has 16 bytes"],
  ["x-amz-checksum-sha256", MD5!, "sha256 has 32 bytes"],
  ["x-amz-checksum-sha256", `${SHA256!.slice(0, -2)}-=`, "sha256 has 32 bytes"],
  ["x-amz-checksum-sha256", `=${SHA256!.slice(1)}`, "sha256 has 32 bytes"],
  ["x-amz-checksum-sha256", `${SHA256!.slice(0, -3)}===`, "sha256 has 32 bytes"],
  ["Digest", "sha-512=x", "sha512 has 64 bytes"],
  ["Digest", "sha-512", "sha512 has 64 bytes"],
  ["Content-Digest", `sha-256=${SHA256}`, "sha256 has 32 bytes"],
  ["Content-Digest", `sha-256=x:${SHA256}:`, "sha256 has 32 bytes"],
  ["Repr-Digest", `sha-256=:${SHA256}:x`, "sha256 has 32 bytes"],
])("%s: %j is no checksum", (header, value, reason) => {
  expect(refusalOf(() => announcedChecksums(new Headers({ [header]: value })))).toBe(
    `INVALID_PARAMETER_VALUE: The header ${header} is no checksum: ${reason}, in base64.`,
  );
});
