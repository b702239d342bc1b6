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
  /** How many parts the upload was announced to have. */
  readonly partCount: number;
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
    part_count: String(part.partCount),
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
    partCount: Number(query.get("part_count")),
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

/**
 * The etag of the only part of an upload, with the SHA-256 that this server computed of the part, signed. Clients send the
 * etags of parts back when they complete an upload, so the server that completes it knows the SHA-256 of the whole file.
 */
export async function etagWithDigest(secret: string, part: SignedPart, etag: string, sha256: string): Promise<string> {
  const signature = await signatureOf(secret, digestMessage(part, sha256));
  return etag.replace(/"$/, `.${sha256}.${signature}"`);
}

/** The store's own etag, and the SHA-256 if {@link etagWithDigest} added one for this upload. */
export async function splitEtag(
  secret: string | undefined,
  upload: Pick<SignedPart, "objectKey" | "uploadId">,
  etag: string,
): Promise<{ readonly etag: string; readonly sha256: string | undefined }> {
  const [, own = "", sha256 = "", signature = ""] = /^"?(.*)\.([0-9a-f]{64})\.([0-9a-f]{64})"?$/.exec(etag) ?? [];
  if (secret === undefined || sha256 === "") return { etag, sha256: undefined };
  const isSigned = await isSignatureOf(secret, digestMessage(upload, sha256), signature);
  return { etag: `"${own}"`, sha256: isSigned ? sha256 : undefined };
}

function digestMessage({ objectKey, uploadId }: Pick<SignedPart, "objectKey" | "uploadId">, sha256: string): string {
  return JSON.stringify(["SHA-256", objectKey, uploadId, sha256]);
}

/** The signed message. Its fields cannot be confused with each other, since a JSON list delimits them. */
function partMessage({ objectKey, uploadId, partNumber, partCount, expires }: SignedPart): string {
  return JSON.stringify(["PUT", objectKey, uploadId, partNumber, partCount, expires]);
}

function fileMessage({ objectKey, expires }: SignedFile): string {
  return JSON.stringify(["GET", objectKey, expires]);
}

async function signatureOf(secret: string, message: string): Promise<string> {
  const signature = await crypto.subtle.sign("HMAC", await signingKey(secret), utf8.encode(message));
  return Buffer.from(signature).toString("hex");
}

async function isSignatureOf(secret: string, message: string, signature: string): Promise<boolean> {
  if (!/^[0-9a-f]{64}$/.test(signature)) return false;
  const key = await signingKey(secret);
  return await crypto.subtle.verify("HMAC", key, Buffer.from(signature, "hex"), utf8.encode(message));
}

async function verify(
  secret: string | undefined,
  query: URLSearchParams,
  message: string,
  expires: number,
): Promise<void> {
  const isSigned = secret !== undefined && (await isSignatureOf(secret, message, query.get("signature") ?? ""));
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
