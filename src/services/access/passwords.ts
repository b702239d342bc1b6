import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";

/** One of OWASP's settings for scrypt: 16 MB of memory, which fits an isolate of 128 MB, and five passes. */
const COST = { N: 2 ** 14, r: 8, p: 5 } as const;
const KEY_BYTES = 32;

/** A hash as it is stored: `scrypt$<N>$<r>$<p>$<salt>$<key>`, the last two in base64. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const key = await derive(password, salt, COST);
  return ["scrypt", COST.N, COST.r, COST.p, salt.toString("base64"), key.toString("base64")].join("$");
}

/** A hash that no password has, so that checking an unknown name takes as long as any other. */
const NOBODYS = `scrypt$${COST.N}$${COST.r}$${COST.p}$${Buffer.alloc(16).toString("base64")}$${Buffer.alloc(KEY_BYTES).toString("base64")}`;

/** Whether a user with this hash has a password. A user of a single sign-on provider has none. */
export function isPasswordHash(hash: string): boolean {
  return hash.startsWith("scrypt$");
}

/** @param given the user's hash; undefined, or not a scrypt hash, for a user without a password, whom no password matches. */
export async function passwordMatches(password: string, given: string | undefined): Promise<boolean> {
  const hash = given !== undefined && isPasswordHash(given) ? given : undefined;
  const [, n, r, p, salt = "", key = ""] = (hash ?? NOBODYS).split("$");
  const expected = Buffer.from(key, "base64");
  const found = await derive(password, Buffer.from(salt, "base64"), { N: Number(n), r: Number(r), p: Number(p) });
  return timingSafeEqual(found, expected) && hash !== undefined;
}

function derive(password: string, salt: Buffer, cost: { N: number; r: number; p: number }): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password, salt, KEY_BYTES, cost, (error, key) => (error ? reject(error) : resolve(key)));
  });
}
