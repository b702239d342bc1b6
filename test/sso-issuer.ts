import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";

/** A provider of OpenID Connect, and of Cloudflare Access's tokens, whose behaviour tests control. */
export interface TestIssuer {
  readonly url: string;
  /** Sets the person of the next authorization, and further claims of the id token. */
  claims: JWTPayload;
  /** Replaces the id token of the next code. */
  tamper: ((honest: JWTPayload) => Promise<string>) | undefined;
  /** The number of requests for each path. */
  readonly asked: Map<string, number>;
  /** A token that this issuer signs. */
  sign(claims: JWTPayload, options?: SignOptions): Promise<string>;
  /** Signs with a new key from now on, and publishes both keys or only the new one. */
  rotate(keepsOld: boolean): Promise<void>;
  close(): Promise<void>;
}

export interface SignOptions {
  readonly audience?: string;
  readonly issuer?: string;
  /** The lifetime in seconds. */
  readonly expiresIn?: number;
}

export async function startIssuer(clientId: string, clientSecret: string): Promise<TestIssuer> {
  const newKey = async (kid: string) => ({ kid, ...(await generateKeyPair("RS256", { extractable: true })) });
  let keys = [await newKey("1")];
  const codes = new Map<string, { challenge: string; nonce: string; redirectUri: string }>();
  const asked = new Map<string, number>();

  const server = createServer((request, response) => {
    answer(request, response).catch((error) => {
      // The caller broke off, or the answer has begun.
      if (request.destroyed || response.headersSent) response.destroy();
      else response.writeHead(500).end(String(error));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("No port");
  const url = `http://127.0.0.1:${address.port}`;

  const issuer: TestIssuer = {
    url,
    claims: { sub: "1", email: "ada@example.com" },
    tamper: undefined,
    asked,
    sign: async (claims, { audience = clientId, issuer: by = url, expiresIn = 300 } = {}) => {
      const { kid, privateKey } = keys.at(-1)!;
      const now = Math.floor(Date.now() / 1000);
      return await new SignJWT(claims)
        .setProtectedHeader({ alg: "RS256", kid })
        .setIssuer(by)
        .setAudience(audience)
        .setIssuedAt(now)
        .setExpirationTime(now + expiresIn)
        .sign(privateKey);
    },
    rotate: async (keepsOld) => {
      keys = [...(keepsOld ? keys : []), await newKey(String(Number(keys.at(-1)!.kid) + 1))];
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? "/", url);
    asked.set(pathname, (asked.get(pathname) ?? 0) + 1);
    const json = (body: object, status = 200) =>
      response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
    switch (pathname) {
      case "/.well-known/openid-configuration":
        json({
          issuer: url,
          authorization_endpoint: `${url}/authorize`,
          token_endpoint: `${url}/token`,
          jwks_uri: `${url}/keys`,
          response_types_supported: ["code"],
          subject_types_supported: ["public"],
          id_token_signing_alg_values_supported: ["RS256"],
          code_challenge_methods_supported: ["S256"],
        });
        return;
      case "/keys":
      case "/cdn-cgi/access/certs":
        json({
          keys: await Promise.all(
            keys.map(async ({ kid, publicKey }) => ({ ...(await exportJWK(publicKey)), kid, alg: "RS256" })),
          ),
        });
        return;
      case "/authorize": {
        const code = crypto.randomUUID();
        const redirectUri = searchParams.get("redirect_uri") ?? "";
        codes.set(code, {
          challenge: searchParams.get("code_challenge") ?? "",
          nonce: searchParams.get("nonce") ?? "",
          redirectUri,
        });
        const query = new URLSearchParams({ code, state: searchParams.get("state") ?? "" });
        response.writeHead(302, { Location: `${redirectUri}?${query}` }).end();
        return;
      }
      case "/token": {
        let body = "";
        for await (const chunk of request) body += chunk;
        const form = new URLSearchParams(body);
        const code = codes.get(form.get("code") ?? "");
        codes.delete(form.get("code") ?? "");
        const challenge = createHash("sha256")
          .update(form.get("code_verifier") ?? "")
          .digest("base64url");
        const isRight =
          code !== undefined &&
          code.challenge === challenge &&
          code.redirectUri === form.get("redirect_uri") &&
          form.get("client_id") === clientId &&
          form.get("client_secret") === clientSecret;
        if (!isRight) return void json({ error: "invalid_grant" }, 400);
        const honest = { nonce: code.nonce, ...issuer.claims };
        const idToken = issuer.tamper === undefined ? await issuer.sign(honest) : await issuer.tamper(honest);
        json({ access_token: "x", token_type: "bearer", id_token: idToken });
        return;
      }
      default:
        response.writeHead(404).end();
    }
  }
  return issuer;
}
