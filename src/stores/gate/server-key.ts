/*
 * The server's own key. Secrets of the server's making are kept in D1 as hashes by it. It lies in an object's storage, so
 * that a copy of the database opens nothing and proves nothing.
 */

let known: { readonly env: Env; readonly key: CryptoKey } | undefined;

/** Remembered by the isolate: as the key of an HMAC by SHA-256 it leaves this module. */
async function serverKey(env: Env): Promise<CryptoKey> {
  if (known?.env !== env) {
    // An object that a deploy resets fails once. Asking again changes nothing.
    const bytes = await env.GATE.getByName("key")
      .key()
      .catch(() => env.GATE.getByName("key").key());
    known = { env, key: await crypto.subtle.importKey("raw", bytes, HMAC, false, ["sign"]) };
  }
  return known.key;
}

const HMAC = { name: "HMAC", hash: "SHA-256" };

/**
 * A secret as it is stored, in hex.
 * @param purpose keeps hashes of one kind of secret from being another's
 */
export async function keyedHash(env: Env, purpose: string, secret: string): Promise<string> {
  const bytes = new TextEncoder().encode(`${purpose}\n${secret}`);
  return Buffer.from(await crypto.subtle.sign("HMAC", await serverKey(env), bytes)).toString("hex");
}

/** Whether two hashes are the same, in a time that does not tell where they differ. */
export function sameHash(left: string, right: string): boolean {
  const encoder = new TextEncoder();
  return left.length === right.length && crypto.subtle.timingSafeEqual(encoder.encode(left), encoder.encode(right));
}
