import { type IncomingHttpHeaders, request } from "node:http";
import { generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from "jose";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { verifiedClaims } from "../../src/services/access/sso/keys.ts";
import { startServer, type TestServer } from "../server.ts";
import { startIssuer, type TestIssuer } from "../sso-issuer.ts";

const CLIENT = { id: "trackflare", secret: "the client's own secret" };
const AUDIENCE = "access-audience-tag";
const ADMIN_PASSWORD = "correct horse battery staple";
const READ = "/ajax-api/2.0/mlflow/experiments/get?experiment_id=0";
const CREATE = "/ajax-api/2.0/mlflow/experiments/create";

let issuer: TestIssuer;
let server: TestServer;

beforeAll(async () => {
  issuer = await startIssuer(CLIENT.id, CLIENT.secret);
  server = await startServer({
    env: {
      TRACKFLARE_ADMIN_PASSWORD: ADMIN_PASSWORD,
      TRACKFLARE_OIDC_ISSUER: issuer.url,
      TRACKFLARE_OIDC_CLIENT_ID: CLIENT.id,
      TRACKFLARE_OIDC_CLIENT_SECRET: CLIENT.secret,
      TRACKFLARE_OIDC_NAME: "Example",
      TRACKFLARE_ACCESS_TEAM: issuer.url,
      TRACKFLARE_ACCESS_AUDIENCE: AUDIENCE,
      TRACKFLARE_SSO_ADMIN_GROUPS: "platform",
      TRACKFLARE_SSO_ROLES: "vision=painters, speech=writers",
    },
  });
});
afterEach(() => {
  issuer.tamper = undefined;
});
afterAll(async () => {
  await server.stop();
  await issuer.close();
});

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Sends a request by Node's client, which adds no headers of a browser. */
function call(path: string, headers: Record<string, string> = {}, method = "GET", body = ""): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(new URL(path, server.url).href, { method, headers }, (response) => {
      let text = "";
      response.on("data", (chunk) => {
        text += String(chunk);
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }));
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

/** A browser with cookies that goes through a sign-in. */
class Browser {
  readonly cookies = new Map<string, string>();

  async get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    const cookie = [...this.cookies].map((pair) => pair.join("=")).join("; ");
    const answer = await call(path, { ...(cookie && { Cookie: cookie }), "Sec-Fetch-Site": "same-origin", ...headers });
    for (const line of answer.headers["set-cookie"] ?? []) {
      const [, name = "", value = "", rest = ""] = /^([^=]+)=([^;]*)(.*)$/.exec(line) ?? [];
      if (/Max-Age=0\b/.test(rest)) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return answer;
  }

  /** Visits the provider. @returns the address to which the provider sends the browser back */
  async callbackAddress(to = "/models"): Promise<string> {
    const started = await this.get(`/ui-api/oidc/start?to=${encodeURIComponent(to)}`);
    expect(started.status).toBe(302);
    const { headers } = await fetch(String(started.headers.location), { redirect: "manual" });
    const back = new URL(headers.get("Location") ?? "");
    expect(back.origin).toBe(server.url);
    return back.pathname + back.search;
  }

  async signIn(to?: string): Promise<Answer> {
    return await this.get(await this.callbackAddress(to), { "Sec-Fetch-Site": "cross-site" });
  }

  async user(): Promise<{ username: string; is_admin: boolean } | null> {
    return JSON.parse((await this.get("/ui-api/session")).body).user;
  }
}

const FAILED = "../../#/sign-in?failed=true";

/** @param to where the reader was going, which the sign-in page still knows if this server made the browser's cookie */
async function expectNobody(browser: Browser, answer: Answer, to = "/models"): Promise<void> {
  expect(answer.status).toBe(302);
  expect(answer.headers.location).toBe(to === "" ? FAILED : `${FAILED}&to=${encodeURIComponent(to)}`);
  expect(await browser.user()).toBeNull();
}

describe("OpenID Connect", () => {
  test("whom the provider signs in is signed in here, under the verified address, and sent where the reader was going", async () => {
    issuer.claims = { sub: "ada", email: "ada@example.com", email_verified: true };
    const browser = new Browser();
    const answer = await browser.signIn("/experiments/1?tab=charts");
    expect(answer.headers.location).toBe("../../#/sign-in?to=%2Fexperiments%2F1%3Ftab%3Dcharts");
    expect(await browser.user()).toEqual({ username: "ada@example.com", is_admin: false });
    expect((await browser.get(READ)).status).toBe(200);
    // The browser keeps only the cookie of the sign-in.
    expect([...browser.cookies.keys()]).toEqual([`trackflare-${new URL(server.url).port}`]);
    // The second sign-in finds the same user by the provider's id.
    issuer.claims = { sub: "ada", email: "lovelace@example.com" };
    const again = new Browser();
    await again.signIn();
    expect(await again.user()).toEqual({ username: "ada@example.com", is_admin: false });
  });

  test("groups make an admin, and no longer do", async () => {
    const admin = async (groups: unknown) => {
      issuer.claims = { sub: "grace", email: "grace@example.com", groups };
      const browser = new Browser();
      await browser.signIn();
      return (await browser.user())?.is_admin;
    };
    expect(await admin(["platform", "others"])).toBe(true);
    expect(await admin(["others"])).toBe(false);
    expect(await admin([{ id: "1", name: "platform" }])).toBe(true);
    expect(await admin("platform")).toBe(true);
    expect(await admin(undefined)).toBe(false);
    // The last user who is an admin may lose that by groups, because the admin of the settings is left, without whom there is
    // no single sign-on.
    const headers = { Authorization: `Basic ${btoa(`admin:${ADMIN_PASSWORD}`)}` };
    const users = await (await fetch(`${server.url}/api/2.0/mlflow/users/list`, { headers })).json();
    expect((users as { users: { is_admin: boolean }[] }).users.filter(({ is_admin }) => is_admin)).toEqual([]);
    const path = "/api/2.0/trackflare/audit?action=user.admin&target_id=grace%40example.com";
    const { entries } = (await (await fetch(server.url + path, { headers })).json()) as { entries: object[] };
    expect(entries[0]).toMatchObject({ credential: `provider ${issuer.url}`, detail: { is_admin: false } });
  });

  test("groups give roles and take them away, and the audit log tells of it", async () => {
    const Authorization = `Basic ${btoa(`admin:${ADMIN_PASSWORD}`)}`;
    const ask = async (path: string, body?: object) => {
      const headers = { Authorization, "Content-Type": "application/json" };
      const init = body === undefined ? { headers } : { method: "POST", headers, body: JSON.stringify(body) };
      const answer = await fetch(`${server.url}/api/${path}`, init);
      expect(answer.status).toBe(200);
      return (await answer.json()) as { roles: { name: string }[]; entries: { action: string; credential: string }[] };
    };
    for (const name of ["painters", "writers", "others"]) {
      await ask("3.0/mlflow/roles/create", { name, workspace: "default" });
    }
    const rolesWith = async (groups: string[]) => {
      issuer.claims = { sub: "rosa", email: "rosa@example.com", groups };
      await new Browser().signIn();
      const { roles } = await ask("3.0/mlflow/users/roles/list?username=rosa%40example.com");
      return roles.map(({ name }) => name).toSorted();
    };
    expect(await rolesWith(["vision"])).toEqual(["painters"]);
    expect(await rolesWith(["vision"])).toEqual(["painters"]);
    expect(await rolesWith(["speech", "vision", "others"])).toEqual(["painters", "writers"]);
    expect(await rolesWith(["platform"])).toEqual([]);
    const { entries } = await ask("2.0/trackflare/audit?target_type=user&target_id=rosa%40example.com");
    const byProvider = entries.filter(({ credential }) => credential === `provider ${issuer.url}`);
    // The entries of one transaction have no order.
    expect(byProvider.map(({ action }) => action).toSorted()).toEqual([
      ...["role.assign", "role.assign", "role.unassign", "user.admin", "user.create"],
    ]);
  });

  test("the request to the provider is the code flow with PKCE, state and nonce, and its cookie is of this browser alone", async () => {
    const started = await call("/ui-api/oidc/start?to=%2Fmodels");
    const query = Object.fromEntries(new URL(String(started.headers.location)).searchParams);
    expect(query).toEqual({
      client_id: CLIENT.id,
      redirect_uri: `${server.url}/ui-api/oidc/callback`,
      response_type: "code",
      scope: "openid email profile",
      state: expect.stringMatching(/^[\w-]{43}$/),
      nonce: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge_method: "S256",
    });
    const [cookie = ""] = started.headers["set-cookie"] ?? [];
    expect(cookie).toMatch(/^trackflare-\d+-oidc=.*; Path=\/; Max-Age=600; HttpOnly; SameSite=Lax$/);
    expect(cookie).not.toContain(CLIENT.secret);
    const proxied = await call("/ui-api/oidc/start", { "X-Forwarded-Proto": "https" });
    expect(proxied.headers["set-cookie"]?.[0]).toMatch(/^__Host-trackflare-oidc=.*; Secure$/);
  });

  test("an answer to a browser that did not ask, to another question, or a second time signs nobody in", async () => {
    issuer.claims = { sub: "mallory", email: "mallory@example.com" };
    const attacker = new Browser();
    const address = await attacker.callbackAddress();
    // Login CSRF: the attacker's code in the victim's browser, without a cookie, and with the cookie of another sign-in.
    const victim = new Browser();
    await expectNobody(victim, await victim.get(address), "");
    const asking = new Browser();
    await asking.callbackAddress();
    await expectNobody(asking, await asking.get(address));
    expect((await attacker.get(address)).headers.location).not.toContain("failed");
    const replayed = new Browser();
    const once = await replayed.callbackAddress();
    const cookies = new Map(replayed.cookies);
    await replayed.get(once);
    const again = new Browser();
    for (const [name, value] of cookies) again.cookies.set(name, value);
    await expectNobody(again, await again.get(once));
  });

  test("a cookie that this server did not make is none", async () => {
    const browser = new Browser();
    const address = await browser.callbackAddress();
    for (const [name, value] of browser.cookies) {
      const [text = "", proof = ""] = value.split(".");
      const changed = { ...JSON.parse(Buffer.from(text, "base64url").toString()), to: "https://evil.example" };
      browser.cookies.set(name, `${Buffer.from(JSON.stringify(changed)).toString("base64url")}.${proof}`);
    }
    await expectNobody(browser, await browser.get(address), "");
  });

  test("a provider's error, and what is no answer, signs nobody in and shows nothing of it", async () => {
    for (const query of ["error=access_denied&error_description=<b>evil</b>", "code=x", "state=x", ""]) {
      const browser = new Browser();
      await browser.callbackAddress();
      await expectNobody(browser, await browser.get(`/ui-api/oidc/callback?${query}`));
    }
  });

  const forged: Record<string, (honest: JWTPayload) => Promise<string>> = {
    "has expired": (honest) => issuer.sign(honest, { expiresIn: -120 }),
    "is for another audience": (honest) => issuer.sign(honest, { audience: "another-client" }),
    "is of another issuer": (honest) => issuer.sign(honest, { issuer: "https://evil.example" }),
    "has another nonce": (honest) => issuer.sign({ ...honest, nonce: "another" }),
    "has no nonce": ({ nonce, ...honest }) => issuer.sign(honest),
    "has no subject": ({ sub, ...honest }) => issuer.sign(honest),
    "has an empty subject": (honest) => issuer.sign({ ...honest, sub: "" }),
    "is unsigned": async (honest) =>
      new UnsecuredJWT(honest)
        .setIssuer(issuer.url)
        .setAudience(CLIENT.id)
        .setIssuedAt()
        .setExpirationTime("5m")
        .encode(),
    "is signed by another's key": async (honest) => {
      const { privateKey } = await generateKeyPair("RS256");
      return await signedBy(honest, "RS256", privateKey);
    },
    // A public key, which everybody has, used as a shared secret.
    "is signed by HMAC with the public key": async (honest) => {
      const keys = await (await fetch(`${issuer.url}/keys`)).text();
      return await signedBy(honest, "HS256", new TextEncoder().encode(keys));
    },
    "is signed by HMAC with the client's secret": async (honest) =>
      await signedBy(honest, "HS256", new TextEncoder().encode(CLIENT.secret.padEnd(32, "x"))),
    "was changed": async (honest) => {
      const [head, , signature] = (await issuer.sign(honest)).split(".");
      const now = Math.floor(Date.now() / 1000);
      const claims = { ...honest, sub: "admin", iss: issuer.url, aud: CLIENT.id, iat: now, exp: now + 300 };
      return [head, Buffer.from(JSON.stringify(claims)).toString("base64url"), signature].join(".");
    },
    "is none": async () => "not.a.token",
  };

  test.each(Object.keys(forged))("an id token that %s signs nobody in", async (what) => {
    issuer.claims = { sub: "eve", email: "eve@example.com" };
    issuer.tamper = forged[what];
    const browser = new Browser();
    await expectNobody(browser, await browser.signIn());
  });

  test("a name that another user has, the settings' admin too, is taken over by nobody", async () => {
    const headers = { Authorization: `Basic ${btoa(`admin:${ADMIN_PASSWORD}`)}`, "Content-Type": "application/json" };
    const body = JSON.stringify({ username: "linus@example.com", password: "a long password" });
    expect((await call("/api/2.0/mlflow/users/create", headers, "POST", body)).status).toBe(200);
    for (const [sub, email] of [
      ["linus", "linus@example.com"],
      ["boss", "admin"],
      ["unverified", "x@example.com"],
      ["odd", "a:b"],
    ]) {
      issuer.claims = { sub: sub!, email: email!, ...(sub === "unverified" && { email_verified: false }) };
      const browser = new Browser();
      await expectNobody(browser, await browser.signIn());
    }
    issuer.claims = { sub: "nameless" };
    const nameless = new Browser();
    await expectNobody(nameless, await nameless.signIn());
  });

  test("who signs in by a provider has no password", async () => {
    for (const password of ["", "none", "null", "undefined"]) {
      const Authorization = `Basic ${btoa(`ada@example.com:${password}`)}`;
      expect((await call(READ, { Authorization })).status).toBe(401);
    }
  });

  test("no secret, code or token is in the server's log", () => {
    const log = server.output();
    expect(log).not.toContain(CLIENT.secret);
    expect(log).not.toMatch(/eyJ/);
    expect(log).not.toMatch(/code=/);
  });
});

describe("Cloudflare Access", () => {
  const access = async (claims: JWTPayload, more: Parameters<TestIssuer["sign"]>[1] = {}) => ({
    "Cf-Access-Jwt-Assertion": await issuer.sign(claims, { audience: AUDIENCE, ...more }),
    "Sec-Fetch-Site": "same-origin",
  });
  const user = async (headers: Record<string, string>) =>
    JSON.parse((await call("/ui-api/session", headers)).body).user;

  test("whom it lets through is a user, with the rights of the groups", async () => {
    const headers = await access({ sub: "access-1", email: "joan@example.com", groups: ["platform"] });
    expect((await call(READ, headers)).status).toBe(200);
    expect(await user(headers)).toEqual({ username: "joan@example.com", is_admin: true });
  });

  test("a browser that it lets through changes things from this server's own pages only", async () => {
    const headers = {
      ...(await access({ sub: "access-1", email: "joan@example.com" })),
      "Content-Type": "application/json",
    };
    const body = JSON.stringify({ name: `by access ${crypto.randomUUID()}` });
    const own = { ...headers, Origin: server.url, "X-Trackflare-Page": "1" };
    expect(
      (await call(CREATE, { ...headers, Origin: "https://evil.example", "Sec-Fetch-Site": "cross-site" }, "POST", body))
        .status,
    ).toBe(403);
    expect((await call(CREATE, { ...headers, Origin: server.url }, "POST", body)).status).toBe(403);
    expect((await call(READ, { ...headers, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "image" })).status).toBe(
      401,
    );
    expect((await call(CREATE, own, "POST", body)).status).toBe(200);
  });

  test("a program with a service token needs no page", async () => {
    const { "Sec-Fetch-Site": _, ...headers } = await access({ sub: "", common_name: "nightly.access", type: "app" });
    const body = JSON.stringify({ name: `by program ${crypto.randomUUID()}` });
    const answer = await call(CREATE, { ...headers, "Content-Type": "application/json" }, "POST", body);
    expect(answer.status).toBe(200);
    const current = await call("/ajax-api/2.0/mlflow/users/current", headers);
    expect(JSON.parse(current.body).user.username).toBe("nightly.access");
  });

  test("a token of another application, issuer, time or key lets nobody in", async () => {
    const honest = { sub: "access-2", email: "mallory@example.com" };
    const { privateKey } = await generateKeyPair("RS256");
    const tokens = [
      await issuer.sign(honest, { audience: "another-application" }),
      await issuer.sign(honest, { audience: AUDIENCE, issuer: "https://evil.cloudflareaccess.com" }),
      await issuer.sign(honest, { audience: AUDIENCE, expiresIn: -120 }),
      await signedBy(honest, "RS256", privateKey, AUDIENCE),
      await signedBy(
        honest,
        "HS256",
        new TextEncoder().encode(await (await fetch(`${issuer.url}/keys`)).text()),
        AUDIENCE,
      ),
      new UnsecuredJWT(honest)
        .setIssuer(issuer.url)
        .setAudience(AUDIENCE)
        .setIssuedAt()
        .setExpirationTime("5m")
        .encode(),
      await issuer.sign({ email: "nobody@example.com" }, { audience: AUDIENCE }),
      "",
      "x.y.z",
      "e".repeat(20_000),
    ];
    for (const token of tokens) {
      const headers = { "Cf-Access-Jwt-Assertion": token, "Sec-Fetch-Site": "same-origin" };
      expect((await call(READ, headers)).status, token.slice(0, 80)).toBe(401);
    }
    expect(
      (
        await call(READ, {
          "Sec-Fetch-Site": "same-origin",
          Cookie: `CF_Authorization=${await issuer.sign(honest, { audience: AUDIENCE })}`,
        })
      ).status,
    ).toBe(401);
  });

  test("keys are read once", async () => {
    const ask = async (sub: string) => (await call(READ, await access({ sub, email: `${sub}@example.com` }))).status;
    await ask("rotation-1");
    const before = issuer.asked.get("/cdn-cgi/access/certs");
    expect(await ask("rotation-2")).toBe(200);
    expect(issuer.asked.get("/cdn-cgi/access/certs")).toBe(before);
    expect(before).toBe(1);
  });
});

describe("the provider's keys", () => {
  test("are read anew where a token names one that is not known, twice a minute at most", async () => {
    const provider = await startIssuer(CLIENT.id, CLIENT.secret);
    const keys = `${provider.url}/keys`;
    const check = async (token: string) => await verifiedClaims(token, keys, provider.url, [CLIENT.id]);
    const before = await provider.sign({ sub: "1" });
    expect(await check(before)).toMatchObject({ sub: "1" });
    await provider.rotate(false);
    const after = await provider.sign({ sub: "2" });
    await expect(check(after)).rejects.toThrow();
    expect(provider.asked.get("/keys")).toBe(1);
    vi.useFakeTimers({ now: Date.now() + 31_000, toFake: ["Date"] });
    expect(await check(after)).toMatchObject({ sub: "2" });
    expect(provider.asked.get("/keys")).toBe(2);
    // A token that is signed with the removed key is refused.
    await expect(check(before)).rejects.toThrow();
    vi.useRealTimers();
    await provider.close();
  });
});

async function signedBy(
  claims: JWTPayload,
  alg: string,
  key: CryptoKey | Uint8Array,
  audience = CLIENT.id,
): Promise<string> {
  return await new SignJWT(claims)
    .setProtectedHeader({ alg, kid: "1" })
    .setIssuer(issuer.url)
    .setAudience(audience)
    .setIssuedAt()
    .setExpirationTime("5m")
    .sign(key);
}
