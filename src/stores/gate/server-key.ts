/*
 * The server's own key. D1 stores the secrets that the server creates only as hashes with this key. The key is in an
 * object's storage, so that a copy of the database gives no access and proves nothing.
 */

let known: { readonly env: Env; readonly key: CryptoKey } | undefined;

/** Cached by the isolate. The key leaves this module only as an HMAC-SHA-256 key. */
async function serverKey(env: Env): Promise<CryptoKey> {
  if (known?.env !== env) {
    // An object that a deploy resets fails once. Asking again is safe.
    const bytes = await env.GATE.getByName("key")
      .key()
      .catch(() => env.GATE.getByName("key").key());
    known = { env, key: await crypto.subtle.importKey("raw", bytes, HMAC, false, ["sign"]) };
  }
  return known.key;
}

const HMAC = { name: "HMAC", hash: "SHA-256" };

/**
 * The hash of a secret as it is stored, in hex.
 * @param purpose makes the hashes of one kind of secret useless for another kind
 */
export async function keyedHash(env: Env, purpose: string, secret: string): Promise<string> {
  const bytes = new TextEncoder().encode(`${purpose}\n${secret}`);
  return Buffer.from(await crypto.subtle.sign("HMAC", await serverKey(env), bytes)).toString("hex");
}

/** Whether two hashes are equal, compared in a time that does not reveal where they differ. */
export function sameHash(left: string, right: string): boolean {
  const encoder = new TextEncoder();
  return left.length === right.length && crypto.subtle.timingSafeEqual(encoder.encode(left), encoder.encode(right));
}
