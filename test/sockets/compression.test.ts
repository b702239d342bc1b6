import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { buffer } from "node:stream/consumers";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startServer, type TestServer } from "../server.ts";

let server: TestServer;
let runId: string;

beforeAll(async () => {
  server = await startServer({ args: ["--allowed-hosts", "tracking.example.org"] });
  const { run } = await post("runs/create", { experiment_id: "0" });
  runId = run.info.run_id;
  for (const key of ["long", "other"]) {
    await post("runs/set-tag", { run_id: runId, key, value: "as long as it is ".repeat(400) });
  }
  for (let i = 0; i < 12; i += 1)
    await post("runs/create", { experiment_id: "0", tags: [{ key: "long", value: "x".repeat(7000) }] });
});
afterAll(() => server.stop());

async function post(path: string, body: object) {
  const answer = await fetch(`${server.url}/api/2.0/mlflow/${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  expect(answer.status).toBe(200);
  return (await answer.json()) as { run: { info: { run_id: string } } };
}

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingMessage["headers"];
  readonly bytes: Buffer;
}

/** Sends a raw request, because `fetch` decodes answers by itself and does not allow a Host header. */
async function ask(path: string, encodings: string, host = "tracking.example.org", body?: object): Promise<Answer> {
  const outgoing = request(server.url + path, {
    method: body ? "POST" : "GET",
    headers: { Host: host, "Accept-Encoding": encodings, ...(body && { "Content-Type": "application/json" }) },
  });
  outgoing.end(body && JSON.stringify(body));
  const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
  return { status: answer.statusCode, headers: answer.headers, bytes: await buffer(answer) };
}

const decoders: Readonly<Record<string, (bytes: Buffer) => Buffer>> = { br: brotliDecompressSync, gzip: gunzipSync };

test.each([
  ["gzip, deflate, br", "br"],
  ["gzip, deflate", "gzip"],
  ["br;q=0, gzip", "gzip"],
  ["GZIP;q=0.5", "gzip"],
  ["identity", undefined],
  ["", undefined],
  ["gzip;q=0, br;q=0.0", undefined],
])("the UI's files for a client that takes %j: %s", async (encodings, encoding) => {
  const page = await ask("/", "identity");
  const script = /src="\.(\/assets\/index-[^"]+\.js)"/.exec(page.bytes.toString())?.[1] ?? "";
  for (const path of ["/", script, "/mark.svg"]) {
    const plain = await ask(path, "identity");
    const answer = await ask(path, encodings);
    expect([path, answer.status, answer.headers["content-encoding"]]).toEqual([path, 200, encoding]);
    const names = ["content-type", "cache-control", "content-security-policy", "x-content-type-options"];
    for (const name of names) expect([path, name, answer.headers[name]]).toEqual([path, name, plain.headers[name]]);
    const decode = decoders[encoding ?? ""] ?? ((bytes: Buffer) => bytes);
    expect(decode(answer.bytes).equals(plain.bytes)).toBe(true);
    if (encoding === undefined) continue;
    expect(answer.headers.vary).toContain("Accept-Encoding");
    expect(answer.bytes.length).toBeLessThan(plain.bytes.length);
  }
});

test("a file that did not change is not sent again, compressed or not", async () => {
  for (const encodings of ["br", "gzip", "identity"]) {
    const { headers } = await ask("/", encodings);
    const again = await fetch(server.url, {
      headers: { "If-None-Match": headers.etag ?? "", "Accept-Encoding": encodings },
    });
    expect([encodings, again.status]).toEqual([encodings, 304]);
  }
});

test("a large JSON answer is compressed for another machine, and for this one not", async () => {
  const get = `/api/2.0/mlflow/runs/get?run_id=${runId}`;
  const search = "/api/2.0/mlflow/runs/search";
  const asked: [path: string, body?: object][] = [[get], [search, { experiment_ids: ["0"] }]];
  for (const [path, body] of asked) {
    const plain = await ask(path, "gzip, deflate", "127.0.0.1:5000", body);
    expect([path, plain.status, plain.headers["content-encoding"]]).toEqual([path, 200, undefined]);
    const packed = await ask(path, "gzip, deflate", "tracking.example.org", body);
    expect([path, packed.status, packed.headers["content-encoding"]]).toEqual([path, 200, "gzip"]);
    expect(packed.headers.vary).toContain("Accept-Encoding");
    expect(gunzipSync(packed.bytes).equals(plain.bytes)).toBe(true);
    expect(packed.bytes.length * 4).toBeLessThan(plain.bytes.length);
    for (const encodings of ["br", "identity", "gzip;q=0", ""]) {
      const answer = await ask(path, encodings, "tracking.example.org", body);
      expect([path, encodings, answer.headers["content-encoding"]]).toEqual([path, encodings, undefined]);
      expect(answer.bytes.equals(plain.bytes)).toBe(true);
    }
  }
});

test("a short answer and a file of a run are not", async () => {
  const artifact = `/api/2.0/mlflow-artifacts/artifacts/0/${runId}/artifacts/long.txt`;
  await fetch(server.url + artifact, { method: "PUT", body: "x".repeat(100_000) });
  for (const path of ["/api/2.0/mlflow/experiments/get?experiment_id=0", artifact]) {
    const answer = await ask(path, "gzip, deflate, br");
    expect([path, answer.status, answer.headers["content-encoding"]]).toEqual([path, 200, undefined]);
  }
});
