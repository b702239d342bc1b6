import { afterEach, beforeEach, expect, test, vi } from "vitest";
import {
  expiryIn,
  signedFileQuery,
  signedPartQuery,
  verifiedPart,
  verifyFile,
} from "../../../src/services/artifacts/signed-urls.ts";

const SECRET = "a secret of the server";
const DENIED = { code: "PERMISSION_DENIED" };
const part = { objectKey: "1/r/artifacts/a.bin", uploadId: "u", partNumber: 2, partCount: 3, expires: 2000 };
const file = { objectKey: "1/r/artifacts/a.bin", expires: 2000 };

const changed = (query: string, fields: Record<string, string>) => {
  const params = new URLSearchParams(query);
  for (const [name, value] of Object.entries(fields)) params.set(name, value);
  return params;
};

beforeEach(() => {
  vi.useFakeTimers({ now: 2_000_000, toFake: ["Date"] });
});

afterEach(() => {
  vi.useRealTimers();
});

test("a part's URL is of this part, this upload and this file, and of its secret", async () => {
  const query = await signedPartQuery(SECRET, part);
  expect(await verifiedPart(SECRET, part.objectKey, new URLSearchParams(query))).toEqual(part);
  for (const fields of [
    { part_number: "3" },
    { part_count: "2" },
    { upload_id: "v" },
    { expires: "2001" },
    { signature: "0".repeat(64) },
  ]) {
    await expect(verifiedPart(SECRET, part.objectKey, changed(query, fields))).rejects.toMatchObject(DENIED);
  }
  await expect(verifiedPart(SECRET, "1/r/artifacts/b.bin", new URLSearchParams(query))).rejects.toMatchObject(DENIED);
  await expect(verifiedPart("another", part.objectKey, new URLSearchParams(query))).rejects.toMatchObject(DENIED);
  await expect(verifiedPart(undefined, part.objectKey, new URLSearchParams(query))).rejects.toMatchObject(DENIED);
});

test("a file's URL is of this file, and of its secret", async () => {
  const query = await signedFileQuery(SECRET, file);
  await verifyFile(SECRET, file.objectKey, new URLSearchParams(query));
  await expect(verifyFile(SECRET, file.objectKey, changed(query, { expires: "2001" }))).rejects.toMatchObject(DENIED);
  await expect(verifyFile(SECRET, "1/r/artifacts/b.bin", new URLSearchParams(query))).rejects.toMatchObject(DENIED);
  await expect(verifyFile("another", file.objectKey, new URLSearchParams(query))).rejects.toMatchObject(DENIED);
});

test("a URL that reads sends nothing, and one that sends reads nothing", async () => {
  const reads = new URLSearchParams(await signedFileQuery(SECRET, file));
  await expect(verifiedPart(SECRET, file.objectKey, reads)).rejects.toMatchObject(DENIED);
  const sends = new URLSearchParams(
    await signedPartQuery(SECRET, { ...part, uploadId: "", partNumber: 0, partCount: 0 }),
  );
  await expect(verifyFile(SECRET, file.objectKey, sends)).rejects.toMatchObject(DENIED);
});

test("a URL counts up to its second, and then no more", async () => {
  const sends = new URLSearchParams(await signedPartQuery(SECRET, part));
  const reads = new URLSearchParams(await signedFileQuery(SECRET, file));
  vi.setSystemTime(2_000_001);
  await expect(verifiedPart(SECRET, part.objectKey, sends)).rejects.toMatchObject(DENIED);
  await expect(verifyFile(SECRET, file.objectKey, reads)).rejects.toMatchObject(DENIED);
});

test("an expiry is counted from now, in whole seconds", () => {
  vi.setSystemTime(1_000_999);
  expect(expiryIn(60)).toBe(1060);
});
