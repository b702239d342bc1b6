import { once } from "node:events";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startServer, type TestServer } from "../server.ts";
import { startIssuer, type TestIssuer } from "../sso-issuer.ts";

/*
 * No output of the server contains a secret, except the answer that creates the secret. The test sends every call that takes or
 * creates secrets: valid, wrong and malformed. Then it searches everything that the server printed, answered and stored.
 */

/** A secret that a search can find. No other text contains its parts. */
const marked = (name: string): string => `mark-${name}-${crypto.randomUUID().replaceAll("-", "")}`;

const SECRETS = {
  adminPassword: marked("adminPassword"),
  adminToken: marked("adminToken"),
  clientSecret: marked("clientSecret"),
  accessKey: marked("s3SecretKey"),
  urlSecret: marked("urlSecret"),
};

/** All secrets so far: of the settings, of users, and those that the server created. */
const secrets = new Map<string, string>(Object.entries(SECRETS));
/** The answers (status line, headers and body), with their requests. */
const answers: { readonly asked: string; readonly text: string; readonly mayHave: readonly string[] }[] = [];

let bucket: Server;
let issuer: TestIssuer;
let server: TestServer;

beforeAll(async () => {
  // A bucket that refuses every request, and whose error repeats the whole request.
  bucket = createServer((request, response) => {
    response.writeHead(403, { "Content-Type": "application/xml" });
    response.end(
      `<Error><Code>SignatureDoesNotMatch</Code><Message>${JSON.stringify(request.headers)}</Message></Error>`,
    );
  });
  bucket.listen(0, "127.0.0.1");
  await once(bucket, "listening");
  const address = bucket.address();
  if (address === null || typeof address === "string") throw new Error("No port");
  issuer = await startIssuer("trackflare", SECRETS.clientSecret);
  server = await startServer({
    env: {
      TRACKFLARE_ADMIN_PASSWORD: SECRETS.adminPassword,
      TRACKFLARE_ADMIN_TOKEN: SECRETS.adminToken,
      TRACKFLARE_URL_SECRET: SECRETS.urlSecret,
      TRACKFLARE_LOG_REQUESTS: "1",
      TRACKFLARE_OIDC_ISSUER: issuer.url,
      TRACKFLARE_OIDC_CLIENT_ID: "trackflare",
      TRACKFLARE_OIDC_CLIENT_SECRET: SECRETS.clientSecret,
      MLFLOW_ARTIFACTS_DESTINATION: "s3://bucket/folder",
      MLFLOW_S3_ENDPOINT_URL: `http://127.0.0.1:${address.port}`,
      AWS_ACCESS_KEY_ID: "access-key-id",
      AWS_SECRET_ACCESS_KEY: SECRETS.accessKey,
      MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD: "true",
    },
  });
});
afterAll(async () => {
  await server.stop();
  await issuer.close();
  bucket.close();
});

function secret(name: string, value: string = marked(name)): string {
  secrets.set(name, value);
  return value;
}

const basic = (username: string, password: string): string =>
  `Basic ${secret(`${username}'s header`, btoa(`${username}:${password}`))}`;

const asAdmin = () => basic("admin", SECRETS.adminPassword);

/** The headers of a page, without which the server refuses a browser's changes. */
const PAGE = { "Sec-Fetch-Site": "same-origin", "X-Trackflare-Page": "1" };

interface Call {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The body: JSON, or an unchanged text. */
  readonly body?: object | string;
  /** Secrets that the answer creates. */
  readonly makes?: (answer: Record<string, unknown>, headers: Headers) => Readonly<Record<string, string>>;
}

async function call(path: string, { method = "GET", headers = {}, body, makes }: Call = {}): Promise<unknown> {
  const response = await fetch(new URL(path, server.url), {
    method,
    redirect: "manual",
    headers: { Origin: server.url, "Content-Type": "application/json", ...headers },
    ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const made = makes?.(JSON.parse(text) as Record<string, unknown>, response.headers) ?? {};
  for (const [name, value] of Object.entries(made)) secret(name, value);
  answers.push({
    asked: `${method} ${path}`,
    text: `${response.status} ${JSON.stringify([...response.headers])} ${text}`,
    mayHave: Object.keys(made),
  });
  const isJson = response.headers.get("Content-Type") === "application/json";
  return isJson ? JSON.parse(text) : {};
}

const cookieOf = (headers: Headers): string => /^[^=]+=([^;]*)/.exec(headers.getSetCookie()[0] ?? "")?.[1] ?? "none";

test("no secret is in any log, answer, table or file", async () => {
  const post = (path: string, body: object | string, more: Call = {}) =>
    call(path, { method: "POST", body, ...more, headers: { Authorization: asAdmin(), ...more.headers } });
  const users = "/api/2.0/mlflow/users";
  const tokens = "/api/2.0/trackflare/tokens";
  const links = "/api/2.0/trackflare/links";

  // Users and their passwords: right, wrong, of a wrong type, too long, in a body that is cut off.
  const password = secret("a user's password");
  await post(`${users}/create`, { username: "ada", password });
  await post(`${users}/create`, { username: "ada", password: secret("a password for a name that is taken") });
  await post(`${users}/create`, { username: "bob", password: [secret("a password in a list")] });
  await post(`${users}/create`, { username: "bob", password: { deep: secret("a password in an object") } });
  await post(`${users}/create`, { username: "bob", password: secret("a long password").padEnd(1025, "x") });
  await post(`${users}/create`, `{"username": "bob", "password": "${secret("a password in a body that is cut off")}`);
  await post(`${users}/create`, { username: "bob", passwordd: secret("a password in a field of another name") });
  const changed = secret("a changed password");
  const change = (fields: object, authorization: string) =>
    call(`${users}/update-password`, { method: "PATCH", body: fields, headers: { Authorization: authorization } });
  await change(
    { username: "ada", password: changed, current_password: secret("a wrong current password") },
    basic("ada", password),
  );
  await change({ username: "ada", password: changed, current_password: password }, basic("ada", password));
  await change({ username: "nobody", password: secret("a password of nobody") }, asAdmin());
  await call(`${users}/get?username=ada`, { headers: { Authorization: basic("ada", changed) } });
  await call(`${users}/get?username=ada`, { headers: { Authorization: basic("ada", secret("a wrong password")) } });
  await call(`${users}/get?username=ada`, {
    headers: { Authorization: `Basic ${secret("a header that is not base64")}` },
  });
  await call(`${users}/get?username=ada`, { headers: { Authorization: `Bearer ${secret("a made-up token")}` } });
  await call(`${users}/get?username=ada`, { headers: { Authorization: `Bearer ${SECRETS.adminToken}` } });

  // Sign-ins.
  const signIn = (username: string, given: string, more: Call = {}) =>
    call("/ui-api/session", { method: "POST", headers: PAGE, body: { username, password: given }, ...more });
  await signIn("ada", changed, { makes: (_, headers) => ({ "a user's cookie": cookieOf(headers) }) });
  await signIn("admin", SECRETS.adminPassword, {
    makes: (_, headers) => ({ "the admin's cookie": cookieOf(headers) }),
  });
  await signIn("ada", secret("a wrong password on the page"));
  await call("/ui-api/session", {
    method: "POST",
    headers: PAGE,
    body: `{"username":"ada","password":"${secret("another that is cut off")}`,
  });
  await call("/ui-api/session", {
    headers: { ...PAGE, Cookie: `__Host-trackflare=${secrets.get("a user's cookie")}` },
  });
  await call("/ui-api/session", { headers: { ...PAGE, Cookie: `trackflare-80=${secret("a made-up cookie")}` } });

  // Tokens.
  const made = (await post(
    `${tokens}/create`,
    { username: "ada", name: "t", scopes: ["read", "admin"] },
    {
      makes: ({ secret: value }) => ({ "a token": String(value) }),
    },
  )) as { token: { token_id: string } };
  const { token_id } = made.token;
  await call(`${tokens}/list`, { headers: { Authorization: `Bearer ${secrets.get("a token")}` } });
  await post(
    `${tokens}/rotate`,
    { token_id },
    { makes: ({ secret: value }) => ({ "a rotated token": String(value) }) },
  );
  await call(`${tokens}/list`, { headers: { Authorization: `Bearer ${secrets.get("a rotated token")}` } });
  await call(`${tokens}/list?username=ada`, { headers: { Authorization: asAdmin() } });
  await post(`${tokens}/revoke`, { token_id });
  await call(`${tokens}/list`, { headers: { Authorization: `Bearer ${secrets.get("a rotated token")}` } });

  // Links.
  const created = (await post(
    `${links}/create`,
    { experiment_ids: ["0"] },
    {
      makes: ({ address }) => ({ "a link's secret": String(address).split("#")[1] ?? "" }),
    },
  )) as { link: { link_id: string } };
  const shared = `/shared/${created.link.link_id}`;
  const open = (value: unknown, more: Call = {}) =>
    call(`${shared}/open`, { method: "POST", headers: PAGE, body: { secret: value }, ...more });
  await open(secrets.get("a link's secret"), { makes: (_, headers) => ({ "a link's cookie": cookieOf(headers) }) });
  await open(secret("a wrong secret of a link"));
  await open([secret("a link's secret in a list")]);
  await call(`${shared}/ui-api/link`, {
    headers: { ...PAGE, Cookie: `trackflare-80-link=${secret("a made-up cookie of a link")}` },
  });
  await call(`${links}/list`, { headers: { Authorization: asAdmin() } });

  // Single sign-on: the provider's answers, right and wrong.
  await call("/ui-api/oidc/start", { headers: PAGE });
  await call(`/ui-api/oidc/callback?code=${secret("a code")}&state=${secret("a state")}`, { headers: PAGE });
  await call("/ui-api/session", { headers: { "Cf-Access-Jwt-Assertion": secret("an assertion of Access") } });

  // Artifacts in a bucket that refuses the key.
  const artifact = "/api/2.0/mlflow-artifacts/artifacts/0/a.txt";
  await call(artifact, { method: "PUT", body: "x", headers: { Authorization: asAdmin() } });
  await call(artifact, { headers: { Authorization: asAdmin() } });
  await call("/api/2.0/mlflow-artifacts/artifacts?path=0", { headers: { Authorization: asAdmin() } });
  await call("/api/2.0/mlflow-artifacts/presigned/0/a.txt", { headers: { Authorization: asAdmin() } });
  await post("/api/2.0/mlflow-artifacts/mpu/create/0", { path: "a.txt", num_parts: 1 });
  await call(`/api/2.0/trackflare/artifact-files/0/a.txt?expires=1&signature=${secret("a wrong signature")}`);

  // What admins read afterwards.
  for (const path of [`${users}/list`, "/api/2.0/trackflare/audit", "/api/2.0/trackflare/audit/export"]) {
    await call(path, { headers: { Authorization: asAdmin() } });
  }

  const leaks: string[] = [];
  const search = (text: string, where: string, mayHave: readonly string[] = []): void => {
    for (const [name, value] of secrets) {
      if (value.length >= 16 && !mayHave.includes(name) && text.includes(value)) leaks.push(`${name}: ${where}`);
    }
  };
  expect(answers.length).toBeGreaterThan(40);
  for (const { asked, text, mayHave } of answers) search(text, `the answer to ${asked}`, mayHave);
  await server.stop("SIGTERM").catch(() => undefined);
  search(server.output(), "the server's output");
  expect(server.output()).toContain('"path":"/api/2.0/mlflow/users/create"');
  expect(leaks).toEqual([]);
});

test("the data folder has none either", async () => {
  // The test keeps the data folder. Otherwise the folder would be deleted with the server.
  const { mkdtempSync, rmSync } = await import("node:fs");
  const { tmpdir } = await import("node:os");
  const dataDir = mkdtempSync(join(tmpdir(), "trackflare-secrets-"));
  const one = await startServer({ dataDir, env: { TRACKFLARE_ADMIN_PASSWORD: SECRETS.adminPassword } });
  const ask = async (path: string, body: object) => {
    const headers = { Authorization: asAdmin(), "Content-Type": "application/json" };
    const response = await fetch(new URL(path, one.url), { method: "POST", headers, body: JSON.stringify(body) });
    expect(response.status, path).toBe(200);
    return (await response.json()) as Record<string, unknown>;
  };
  const password = secret("the password of a user who is kept");
  await ask("/api/2.0/mlflow/users/create", { username: "ada", password });
  const token = await ask("/api/2.0/trackflare/tokens/create", { username: "ada", name: "t", scopes: ["read"] });
  secret("a token that is kept", String(token.secret));
  const link = await ask("/api/2.0/trackflare/links/create", { experiment_ids: ["0"] });
  secret("a link that is kept", String(link.address).split("#")[1] ?? "");
  const page = await fetch(new URL("/ui-api/session", one.url), {
    method: "POST",
    headers: { ...PAGE, Origin: one.url, "Content-Type": "application/json" },
    body: JSON.stringify({ username: "ada", password }),
  });
  expect(page.status).toBe(200);
  secret("a cookie that is kept", cookieOf(page.headers));
  const found: string[] = [];
  const files = readdirSync(dataDir, { recursive: true }).map((name) => join(dataDir, String(name)));
  expect(files.some((name) => name.endsWith(".sqlite"))).toBe(true);
  for (const name of files.filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile())) {
    const bytes = readFileSync(name);
    for (const [what, value] of secrets)
      if (value.length >= 16 && bytes.includes(value)) found.push(`${what}: ${name}`);
  }
  await one.stop();
  rmSync(dataDir, { recursive: true, force: true });
  expect(found).toEqual([]);
});
