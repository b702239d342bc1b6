import { Buffer } from "node:buffer";
import { MlflowError } from "../../domain/errors.ts";

/** One part of one upload, and until when it may come, in seconds since 1970. */
export interface SignedPart {
  readonly objectKey: string;
  readonly uploadId: string;
  readonly partNumber: number;
  readonly expires: number;
}

const utf8 = new TextEncoder();

/**
 * Makes it costly to find the admin's secret from a signature, which others see. The most that Cloudflare allows.
 */
const ITERATIONS = 100_000;

let derived: { readonly secret: string; readonly key: Promise<CryptoKey> } | undefined;

/** The query by which whoever has it may send this part, without any other credential. */
export async function signedPartQuery(secret: string, part: SignedPart): Promise<string> {
  const signature = await crypto.subtle.sign("HMAC", await signingKey(secret), messageOf(part));
  return new URLSearchParams({
    upload_id: part.uploadId,
    part_number: String(part.partNumber),
    expires: String(part.expires),
    signature: Buffer.from(signature).toString("hex"),
  }).toString();
}

/**
 * The part that a request may send.
 * @throws MlflowError PERMISSION_DENIED for a signature of another part, upload or key, or one that has expired.
 */
export async function verifiedPart(
  secret: string | undefined,
  objectKey: string,
  query: URLSearchParams,
): Promise<SignedPart> {
  const part: SignedPart = {
    objectKey,
    uploadId: query.get("upload_id") ?? "",
    partNumber: Number(query.get("part_number")),
    expires: Number(query.get("expires")),
  };
  const signature = query.get("signature") ?? "";
  const isSigned =
    secret !== undefined &&
    /^[0-9a-f]{64}$/.test(signature) &&
    (await crypto.subtle.verify("HMAC", await signingKey(secret), Buffer.from(signature, "hex"), messageOf(part)));
  if (!isSigned) throw new MlflowError("PERMISSION_DENIED", "The signature of this URL is not right.");
  if (part.expires * 1000 < Date.now()) throw new MlflowError("PERMISSION_DENIED", "This URL has expired.");
  return part;
}

/** No part of the message can be taken for another: a JSON list says where each ends. */
function messageOf({ objectKey, uploadId, partNumber, expires }: SignedPart): Uint8Array {
  return utf8.encode(JSON.stringify(["PUT", objectKey, uploadId, partNumber, expires]));
}

function signingKey(secret: string): Promise<CryptoKey> {
  if (derived?.secret !== secret) derived = { secret, key: deriveKey(secret) };
  return derived.key;
}

async function deriveKey(secret: string): Promise<CryptoKey> {
  const base = await crypto.subtle.importKey("raw", utf8.encode(secret), "PBKDF2", false, ["deriveKey"]);
  return crypto.subtle.deriveKey(
    { name: "PBKDF2", hash: "SHA-256", salt: utf8.encode("trackflare part URLs"), iterations: ITERATIONS },
    base,
    { name: "HMAC", hash: "SHA-256", length: 256 },
    false,
    ["sign", "verify"],
  );
}
