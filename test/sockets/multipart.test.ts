import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startS3Server } from "../helpers/s3-server.ts";
import { startServer } from "../server.ts";
import { type ArtifactServer, filesBelow, startR2Server } from "./artifact-servers.ts";

const TOKEN = "a token of these tests";
const MPU = "/api/2.0/mlflow-artifacts/mpu";
const ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts";
const PART = 5 * 1024 * 1024;
const PARTS = [new Uint8Array(PART).fill(1), new Uint8Array(PART).fill(2), new Uint8Array(7).fill(3)];
const WHOLE = createHash("sha256").update(Buffer.concat(PARTS)).digest("hex");

const SERVERS: Readonly<Record<string, () => Promise<ArtifactServer>>> = {
  folder: async () => {
    const server = await startServer({ env: { TRACKFLARE_ADMIN_TOKEN: TOKEN } });
    return {
      url: server.url,
      stored: async () =>
        new Map(
          [...filesBelow(server.dataDir, "artifacts")].map(([key, digest]) => [key.replace("artifacts/", ""), digest]),
        ),
      stop: () => server.stop(),
    };
  },
  r2: () => startR2Server({ TRACKFLARE_ADMIN_TOKEN: TOKEN }),
  s3: async () => {
    const bucket = await startS3Server();
    const server = await startServer({ env: { ...bucket.variables, TRACKFLARE_ADMIN_TOKEN: TOKEN } });
    return {
      url: server.url,
      stored: async () =>
        new Map([...(await bucket.objects())].map(([key, digest]) => [key.replace("mlflow/", ""), digest])),
      stop: async () => {
        await server.stop();
        await bucket.stop();
      },
    };
  },
};

/** The text's spelling in the address of a part. */
const bucketId = (uploadId: string) => uploadId.replace(/\..*$/, "");

interface Begun {
  readonly upload_id: string;
  readonly credentials: readonly { readonly url: string; readonly part_number: number }[];
}

describe.each(Object.entries(SERVERS))("a file sent by parts, stored in %s", (kind, start) => {
  let server: ArtifactServer;

  beforeAll(async () => {
    server = await start();
  });

  afterAll(() => server.stop());

  const newFolder = () => `0/${crypto.randomUUID().replaceAll("-", "")}/artifacts`;

  async function call(verb: string, folder: string, message: object): Promise<{ status: number; body: unknown }> {
    const response = await fetch(`${server.url}${MPU}/${verb}/${folder}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${TOKEN}` },
      body: JSON.stringify(message),
    });
    expect(response.headers.get("Content-Type")).toBe("application/json");
    return { status: response.status, body: await response.json() };
  }

  async function begin(folder: string, path: string, num_parts = 3): Promise<Begun> {
    const { status, body } = await call("create", folder, { path, num_parts });
    expect(status, JSON.stringify(body)).toBe(200);
    return body as Begun;
  }

  /** Sends a part as clients do: without credentials. */
  async function send({ credentials }: Begun, partNumber: number, bytes = PARTS[partNumber - 1]) {
    const { url = "" } = credentials[partNumber - 1] ?? {};
    const response = await fetch(url, { method: "PUT", body: bytes ?? null });
    expect(response.status, await response.text()).toBe(200);
    return { part_number: partNumber, etag: response.headers.get("ETag") ?? "", url };
  }

  const put = (key: string, body: string) =>
    fetch(`${server.url}${ARTIFACTS}/${key}`, { method: "PUT", body, headers: { Authorization: `Bearer ${TOKEN}` } });

  test.each(["big.bin", "/home/me/runs/big.bin", "C:\\Users\\me\\big.bin"])(
    "is whole when it is complete, and the old one until then: %s",
    async (path) => {
      const folder = `${newFolder()}/ä b+c`;
      expect((await put(`${encodeURI(folder)}/big.bin`, "old")).status).toBe(200);
      const begun = await begin(encodeURI(folder), path);
      expect(begun.credentials.map((part) => part.part_number)).toEqual([1, 2, 3]);
      const parts = [
        await send(begun, 3),
        ...(await Promise.all([send(begun, 1), send(begun, 2)])),
        await send(begun, 1),
      ];
      expect((await server.stored()).get(storedKey(folder))).toBe(createHash("sha256").update("old").digest("hex"));
      const listed = [...new Map(parts.map((part) => [part.part_number, part])).values()];
      const message = { path, upload_id: begun.upload_id, parts: listed };
      expect(await call("complete", encodeURI(folder), message)).toEqual({ status: 200, body: {} });
      expect((await server.stored()).get(storedKey(folder))).toBe(WHOLE);
    },
  );

  const storedKey = (folder: string) => `${folder}/big.bin`;

  test("is not there when it is aborted, nor when it is completed later", async () => {
    const folder = newFolder();
    const begun = await begin(folder, "big.bin");
    const part = await send(begun, 1);
    const message = { path: "big.bin", upload_id: begun.upload_id };
    expect(await call("abort", folder, message)).toEqual({ status: 200, body: {} });
    expect(await call("complete", folder, { ...message, parts: [part] })).toMatchObject({ status: 404 });
    expect([...(await server.stored()).keys()].filter((key) => key.startsWith(folder))).toEqual([]);
  });

  test("a URL is good for its own part, upload and file", async () => {
    const folder = newFolder();
    const [mine, other] = [await begin(folder, "mine.bin"), await begin(folder, "other.bin")];
    const url = mine.credentials[0]?.url ?? "";
    const forged = [
      url.replace(/(part_number|partNumber)=1/, "$1=2"),
      url.replace("/mine.bin?", "/other.bin?"),
      url.replace(bucketId(mine.upload_id), bucketId(other.upload_id)),
      url.replace(/(signature|X-Amz-Signature)=.{8}/i, "$1=00000000"),
      url.replace(/(expires|X-Amz-Expires)=\d+/i, "$1=9999999999"),
    ];
    for (const target of forged) {
      expect(target).not.toBe(url);
      const response = await fetch(target, { method: "PUT", body: "x" });
      await response.text();
      expect([400, 403], target).toContain(response.status);
      if (kind !== "s3") expect(response.status).toBe(403);
    }
  });

  test.each([
    ["no file's name", { path: "a/.." }],
    ["no file's name", { path: "" }],
    ["a name that hides a path", { path: "%2Ftmp%2Fbig.bin" }],
    ["a name that hides a path", { path: "..%2fbig.bin" }],
    ["no parts", { num_parts: 0 }],
    ["too many parts", { num_parts: 10_001 }],
  ])("is refused with %s", async (_, wrong) => {
    const answer = await call("create", newFolder(), { path: "big.bin", num_parts: 1, ...wrong });
    expect(answer).toMatchObject({ status: 400, body: { error_code: "INVALID_PARAMETER_VALUE" } });
  });

  test("is refused where a root or a folder is", async () => {
    const folder = newFolder();
    await put(`${folder}/a/b`, "x");
    expect(await call("create", folder, { path: "a", num_parts: 1 })).toMatchObject({ status: 400 });
    expect(await call("create", folder.replace("/artifacts", ""), { path: "artifacts", num_parts: 1 })).toMatchObject({
      status: 400,
    });
  });

  test("needs the credentials of who may write", async () => {
    const response = await fetch(`${server.url}${MPU}/create/${newFolder()}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ path: "big.bin", num_parts: 1 }),
    });
    expect(response.status).toBe(401);
  });

  test("is announced where parts come to this server", async () => {
    const info = await (await fetch(`${server.url}/api/3.0/mlflow/server-info`)).json();
    expect(info).toMatchObject({ multipart_uploads_enabled: kind === "r2" });
  });
});

test("an upload that the server's end cuts off leaves nothing", async () => {
  const dataDir = mkdtempSync(join(tmpdir(), "trackflare-parts-"));
  const begin = async (url: string) => {
    const response = await fetch(`${url}${MPU}/create/0/a/artifacts`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ path: "big.bin", num_parts: 2 }),
    });
    return (await response.json()) as Begun;
  };
  const first = await startServer({ dataDir });
  const begun = await begin(first.url);
  const target = begun.credentials[0]?.url ?? "";
  expect((await fetch(target, { method: "PUT", body: PARTS[0] ?? null })).status).toBe(200);
  await first.kill9();
  const second = await startServer({ dataDir });
  expect([...filesBelow(dataDir, "artifacts").keys()]).toEqual([]);
  const stale = await fetch(target.replace(first.url, second.url), { method: "PUT", body: "x" });
  expect(stale.status).toBe(403);
  expect(await stale.json()).toMatchObject({ error_code: "PERMISSION_DENIED" });
  expect((await begin(second.url)).credentials).toHaveLength(2);
  await second.stop();
  rmSync(dataDir, { recursive: true });
});

test("behind a proxy, parts go to the address that the client called", async () => {
  const server = await startServer({ env: { TRACKFLARE_ADMIN_TOKEN: TOKEN } });
  const response = await fetch(`${server.url}${MPU}/create/0/a/artifacts`, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      Authorization: `Bearer ${TOKEN}`,
      "X-Forwarded-Proto": "https",
      "X-Forwarded-Prefix": "/mlflow",
    },
    body: JSON.stringify({ path: "big.bin", num_parts: 1 }),
  });
  const { credentials } = (await response.json()) as Begun;
  await server.stop();
  const base = server.url.replace("http:", "https:");
  expect(credentials[0]?.url).toContain(`${base}/mlflow/api/2.0/trackflare/artifact-parts/0/a/artifacts/big.bin?`);
});

test("without a secret to sign with, files are taken whole, and clients are told so as they expect", async () => {
  const server = await startR2Server({ TRACKFLARE_LOCAL: "1" });
  const response = await fetch(`${server.url}${MPU}/create/0/a/artifacts`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ path: "big.bin", num_parts: 1 }),
  });
  const body = await response.json();
  await server.stop();
  expect(response.status).toBe(501);
  expect(body).toEqual({
    error_code: "NOT_IMPLEMENTED",
    message: "Multipart upload is not supported for the current artifact repository",
  });
});
