import { createRemoteJWKSet, type JWTVerifyGetKey, jwtVerify } from "jose";

/**
 * Signature algorithms with a private key that only the provider has. `none` and algorithms with a shared secret are not
 * among them: the public key must never be used as a shared secret (CVE-2015-9235).
 */
const ALGORITHMS = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
];

/** Allowed difference between the clocks of two machines. */
const CLOCK_TOLERANCE_SECONDS = 30;

/** Keys are kept for ten minutes. A token with an unknown key makes the server read the keys again, twice a minute at most. */
const KEPT = { cacheMaxAge: 600_000, cooldownDuration: 30_000, timeoutDuration: 5000 };

const keySets = new Map<string, JWTVerifyGetKey>();

/**
 * The claims of a token that this issuer issued for this audience and that is valid now.
 * @throws an error of `jose` for any other token.
 */
export async function verifiedClaims(
  token: string,
  jwksUri: string,
  issuer: string,
  audience: readonly string[],
): Promise<Readonly<Record<string, unknown>>> {
  let keys = keySets.get(jwksUri);
  if (keys === undefined) {
    keys = createRemoteJWKSet(new URL(jwksUri), KEPT);
    keySets.set(jwksUri, keys);
  }
  const { payload } = await jwtVerify(token, keys, {
    issuer,
    audience: [...audience],
    algorithms: ALGORITHMS,
    clockTolerance: CLOCK_TOLERANCE_SECONDS,
    requiredClaims: ["exp", "iat"],
  });
  return payload;
}
