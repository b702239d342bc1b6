import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { type OutgoingHttpHeaders, request } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type DyingProxy, startDyingProxy } from "../helpers/dying-proxy.ts";
import { type S3Server, startS3Server } from "../helpers/s3-server.ts";
import { startServer, type TestServer } from "../server.ts";

/* A bucket that fails, and a server that is killed, while files are on their way. */

let bucket: S3Server;
let server: TestServer;
let dataDir: string;
let runId: string;

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), "trackflare-s3-faults-"));
  bucket = await startS3Server();
  server = await startServer({ dataDir, env: bucket.variables });
  const created = await call("POST", "/api/2.0/mlflow/runs/create", JSON.stringify({ experiment_id: "0" }));
  runId = ((await created.json()) as { run: { info: { run_id: string } } }).run.info.run_id;
});

afterAll(async () => {
  await server.stop();
  await bucket.stop();
  rmSync(dataDir, { recursive: true });
});

const call = (method: string, path: string, body: BodyInit | null = null) =>
  fetch(`${server.url}${path}`, { method, body, headers: { "Content-Type": "application/json" } });

const fileUrl = (name: string) => `/api/2.0/mlflow-artifacts/artifacts/0/${runId}/artifacts/${name}`;
const keyOf = (name: string) => `mlflow/0/${runId}/artifacts/${name}`;
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** Every call that needs the bucket, with its answer; none shows a secret. */
async function answers(): Promise<{ status: number; message: string }[]> {
  const calls = [
    call("PUT", fileUrl("small"), "text"),
    call("GET", fileUrl("small")),
    call("GET", `/api/2.0/mlflow/artifacts/list?run_id=${runId}`),
    call("DELETE", fileUrl("small")),
    call("POST", `/api/2.0/mlflow-artifacts/mpu/create/0/${runId}/artifacts`, '{"path":"parts","num_parts":2}'),
    call("GET", `/api/2.0/mlflow-artifacts/presigned/0/${runId}/artifacts/small`),
  ];
  return await Promise.all(
    calls.map(async (answer) => {
      const response = await answer;
      const told = await response.text();
      expect(told).not.toContain(bucket.variables.AWS_SECRET_ACCESS_KEY);
      return { status: response.status, message: (JSON.parse(told) as { message?: string }).message ?? told };
    }),
  );
}

describe("a bucket's server", () => {
  test("that does not answer is given up after 20 s, with a 503 that says so, and works when it goes on", async () => {
    await call("PUT", fileUrl("small"), "text");
    process.kill(bucket.pid, "SIGSTOP");
    try {
      const told = await answers();
      const expected = {
        status: 503,
        message: `The artifact store at MLFLOW_S3_ENDPOINT_URL '${bucket.endpoint}' has not answered for 20 s; please repeat.`,
      };
      expect(told).toEqual(told.map(() => expected));
    } finally {
      process.kill(bucket.pid, "SIGCONT");
    }
    expect(await (await call("GET", fileUrl("small"))).text()).toBe("text");
  });
});

/**
 * Sends a file, does something after its first half, and sends what is taken of the rest.
 * @param headers say the length, or that it is not said
 */
async function halfUpload(url: string, size: number, headers: OutgoingHttpHeaders, afterHalf: () => unknown) {
  const outgoing = request(url, { method: "PUT", headers, agent: false });
  const answered = new Promise<{ status: number; text: string }>((resolve, reject) => {
    outgoing.once("error", reject);
    outgoing.once("response", (incoming) => {
      text(incoming).then((body) => resolve({ status: incoming.statusCode ?? 0, text: body }), reject);
    });
  });
  answered.catch(() => undefined);
  const piece = randomBytes(1024 * 1024);
  const send = async (bytes: number) => {
    for (let sent = 0; sent < bytes && !outgoing.destroyed && outgoing.writable; sent += piece.length) {
      if (outgoing.write(piece)) continue;
      const waiting = new AbortController();
      const { signal } = waiting;
      await Promise.race([once(outgoing, "drain", { signal }), once(outgoing, "close", { signal }), answered]);
      waiting.abort();
    }
  };
  await send(size / 2);
  await sleep(100);
  await afterHalf();
  await send(size / 2).catch(() => undefined);
  if (!outgoing.destroyed) outgoing.end();
  return { answered, outgoing };
}

describe("a bucket whose connections end in the middle of an upload", () => {
  let proxy: DyingProxy;
  let behindProxy: TestServer;

  beforeAll(async () => {
    proxy = await startDyingProxy(bucket.endpoint);
    behindProxy = await startServer({ env: { ...bucket.variables, MLFLOW_S3_ENDPOINT_URL: proxy.endpoint } });
  });

  afterAll(async () => {
    await behindProxy.stop();
    await proxy.stop();
  });

  const SIZE = 32 * 1024 * 1024;
  test.each([
    ["a stated length", "reset", { "Content-Length": SIZE }],
    ["a stated length", "end", { "Content-Length": SIZE }],
    ["an unstated length", "reset", { "Transfer-Encoding": "chunked" }],
    ["an unstated length", "end", { "Transfer-Encoding": "chunked" }],
  ] as const)("makes it a 503, and the same upload succeeds later: %s, by %s", async (_name, how, headers) => {
    const url = `${behindProxy.url}${fileUrl("dying")}`;
    for (const after of [0, 10_000, SIZE / 4]) {
      const { answered, outgoing } = await halfUpload(url, SIZE, headers, () => proxy.dieAfter(after, how));
      const { status, text: told } = await answered;
      outgoing.destroy();
      expect(proxy.revive()).toBe(true);
      expect([after, status, JSON.parse(told)]).toMatchObject([
        after,
        503,
        { error_code: "TEMPORARILY_UNAVAILABLE", message: expect.stringContaining("cannot be reached") },
      ]);
      expect(told).not.toContain(bucket.variables.AWS_SECRET_ACCESS_KEY);
    }
    expect((await fetch(url, { method: "PUT", body: "text" })).status).toBe(200);
    expect(await (await fetch(url)).text()).toBe("text");
  });

  test("is not mistaken for a client that ends its upload: that is no failure of the bucket", async () => {
    const { hostname, port, host } = new URL(behindProxy.url);
    const socket = connect({ port: Number(port), host: hostname, allowHalfOpen: true });
    let answer = "";
    socket.on("data", (bytes) => {
      answer += bytes.toString();
    });
    const head = `PUT ${fileUrl("cut")} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 1000000\r\n\r\n`;
    socket.end(head + "x".repeat(600_000));
    await once(socket, "close");
    // Whoever is gone needs no answer, but whoever still listens is not told to repeat.
    expect(answer).not.toContain(" 50");
  });
});

test("a server that is killed in the middle of an upload takes the file again after its next start", async () => {
  const file = randomBytes(32 * 1024 * 1024);
  const kept = randomBytes(1024 * 1024);
  expect((await call("PUT", fileUrl("kept"), kept)).status).toBe(200);
  const begun = await call(
    "POST",
    `/api/2.0/mlflow-artifacts/mpu/create/0/${runId}/artifacts`,
    '{"path":"parts","num_parts":2}',
  );
  const { upload_id, credentials } = (await begun.json()) as { upload_id: string; credentials: { url: string }[] };
  const sendPart = async (i: number) => {
    const body = file.subarray(i * 16 * 1024 * 1024, (i + 1) * 16 * 1024 * 1024);
    return (await fetch(credentials[i]?.url ?? "", { method: "PUT", body })).headers.get("ETag");
  };
  const first = await sendPart(0);
  const { answered } = await halfUpload(
    `${server.url}${fileUrl("whole")}`,
    file.length,
    { "Content-Length": file.length },
    () => server.kill9(),
  );
  await expect(answered).rejects.toThrow();
  server = await startServer({ dataDir, env: bucket.variables });
  // The upload by parts is the bucket's, and goes on.
  const parts = [first, await sendPart(1)].map((etag, i) => ({ part_number: i + 1, etag, url: "" }));
  const complete = { path: "parts", upload_id, parts };
  const completed = await call(
    "POST",
    `/api/2.0/mlflow-artifacts/mpu/complete/0/${runId}/artifacts`,
    JSON.stringify(complete),
  );
  expect([completed.status, await completed.text()]).toEqual([200, "{}"]);
  expect((await call("PUT", fileUrl("whole"), file)).status).toBe(200);
  const stored = await bucket.objects();
  for (const [name, bytes] of [
    ["kept", kept],
    ["whole", file],
    ["parts", file],
  ] as const) {
    expect(stored.get(keyOf(name)), name).toBe(sha256(bytes));
  }
});
