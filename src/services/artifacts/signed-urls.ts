import { Buffer } from "node:buffer";
import { MlflowError } from "../../domain/errors.ts";

/*
 * URLs of this server that need no other credential: each allows sending one part of one upload, or reading one file, until
 * it expires. MLflow's clients send no credentials with presigned URLs.
 */

/** One part of one upload, and until when it may be sent, in seconds since 1970. */
export interface SignedPart {
  readonly objectKey: string;
  readonly uploadId: string;
  readonly partNumber: number;
  readonly expires: number;
}

/** A file, and until when it may be read, in seconds since 1970. */
export interface SignedFile {
  readonly objectKey: string;
  readonly expires: number;
}

const utf8 = new TextEncoder();

/**
 * Makes it costly to guess the admin's secret from a signature, which others see. This is Cloudflare's maximum.
 */
const ITERATIONS = 100_000;

let derived: { readonly secret: string; readonly key: Promise<CryptoKey> } | undefined;

/** The expiry of a URL that is made now, in seconds since 1970. */
export function expiryIn(seconds: number): number {
  return Math.floor(Date.now() / 1000) + seconds;
}

/** The query that allows its holder to send this part. */
export async function signedPartQuery(secret: string, part: SignedPart): Promise<string> {
  return new URLSearchParams({
    upload_id: part.uploadId,
    part_number: String(part.partNumber),
    expires: String(part.expires),
    signature: await signatureOf(secret, partMessage(part)),
  }).toString();
}

/** The query that allows its holder to read this file. */
export async function signedFileQuery(secret: string, file: SignedFile): Promise<string> {
  const signature = await signatureOf(secret, fileMessage(file));
  return new URLSearchParams({ expires: String(file.expires), signature }).toString();
}

/**
 * The part that a request may send.
 * @throws MlflowError PERMISSION_DENIED for an expired signature, or one of another part, upload or key.
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
  await verify(secret, query, partMessage(part), part.expires);
  return part;
}

/** @throws MlflowError PERMISSION_DENIED for an expired signature, or one of another file or of a part. */
export async function verifyFile(secret: string | undefined, objectKey: string, query: URLSearchParams): Promise<void> {
  const file: SignedFile = { objectKey, expires: Number(query.get("expires")) };
  await verify(secret, query, fileMessage(file), file.expires);
}

/** The signed message. Its fields cannot be confused with each other, since a JSON list delimits them. */
function partMessage({ objectKey, uploadId, partNumber, expires }: SignedPart): string {
  return JSON.stringify(["PUT", objectKey, uploadId, partNumber, expires]);
}

function fileMessage({ objectKey, expires }: SignedFile): string {
  return JSON.stringify(["GET", objectKey, expires]);
}

async function signatureOf(secret: string, message: string): Promise<string> {
  const signature = await crypto.subtle.sign("HMAC", await signingKey(secret), utf8.encode(message));
  return Buffer.from(signature).toString("hex");
}

async function verify(
  secret: string | undefined,
  query: URLSearchParams,
  message: string,
  expires: number,
): Promise<void> {
  const signature = query.get("signature") ?? "";
  const isSigned =
    secret !== undefined &&
    /^[0-9a-f]{64}$/.test(signature) &&
    (await crypto.subtle.verify("HMAC", await signingKey(secret), Buffer.from(signature, "hex"), utf8.encode(message)));
  if (!isSigned) throw new MlflowError("PERMISSION_DENIED", "The signature of this URL is not right.");
  if (expires * 1000 < Date.now()) throw new MlflowError("PERMISSION_DENIED", "This URL has expired.");
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
