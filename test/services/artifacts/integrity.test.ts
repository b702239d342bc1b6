import { env } from "cloudflare:workers";
import { createHash } from "node:crypto";
import { describe, expect, inject, test } from "vitest";
import { newModel } from "../../helpers/logged-models.ts";
import { fetchWorker, mlflow, newExperiment, newRun } from "../../helpers/mlflow.ts";
import { gc } from "../../helpers/trash.ts";

/* SHA-256 of files, and checksums that clients announce, over every store. */

const SECRET = { TRACKFLARE_URL_SECRET: "a secret of these tests" };

const STORES: Readonly<Record<string, () => Partial<Env>>> = {
  r2: () => SECRET,
  folder: () => ({ ...SECRET, TRACKFLARE_ARTIFACTS: "folder" }),
  s3: () => ({ ...SECRET, ...inject("s3") }),
};

const bytesOf = (length: number) => new Uint8Array(length).map((_, i) => (i * 31) ^ (i >> 8));

const hex = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const base64 = (algorithm: string, bytes: Uint8Array) => createHash(algorithm).update(bytes).digest("base64");

/** A body without a length, in two pieces. */
function chunked(bytes: Uint8Array): ReadableStream<Uint8Array> {
  const half = Math.ceil(bytes.length / 2);
  const { readable, writable } = new IdentityTransformStream();
  const writer = writable.getWriter();
  void (async () => {
    for (const piece of [bytes.subarray(0, half), bytes.subarray(half)]) {
      if (piece.length > 0) await writer.write(piece);
    }
    await writer.close();
  })().catch(() => undefined);
  return readable;
}

/** Adds Content-Length, which a request from a socket has and a request that a test makes does not. */
const lengthOf = (body: BodyInit): Record<string, string> =>
  body instanceof Uint8Array ? { "Content-Length": String(body.length) } : {};

/** Every way to announce a checksum of these bytes. */
const announcements = (bytes: Uint8Array): readonly (readonly [string, string])[] => [
  ["Content-MD5", base64("md5", bytes)],
  ["x-amz-checksum-sha256", base64("sha256", bytes)],
  ["Digest", `SHA-256=${base64("sha256", bytes)}`],
  ["Digest", `unixsum=30637, MD5=${base64("md5", bytes)}`],
  ["Content-Digest", `sha-256=:${base64("sha256", bytes)}:`],
  ["Repr-Digest", `sha-512=:${base64("sha512", bytes)}:, sha-256=:${base64("sha256", bytes)}:`],
];

describe.each(Object.entries(STORES))("files in %s", (kind, settingsOf) => {
  const settings = settingsOf();
  const call = (target: string, init?: RequestInit) => fetchWorker(target, init, settings);

  async function newFolder(): Promise<{ runId: string; folder: string; experimentId: string }> {
    const experimentId = await newExperiment();
    const runId = await newRun({ experiment_id: experimentId });
    return { runId, experimentId, folder: `${experimentId}/${runId}/artifacts` };
  }

  const put = (key: string, body: BodyInit, headers: Record<string, string> = {}) =>
    call(`/api/2.0/mlflow-artifacts/artifacts/${key}`, {
      method: "PUT",
      body,
      headers: { ...headers, ...lengthOf(body) },
    });

  const read = async (key: string) => {
    const response = await call(`/api/2.0/mlflow-artifacts/artifacts/${key}`);
    return response.status === 200 ? await response.text() : response.status;
  };

  async function details(runId: string, path: string): Promise<{ sha256?: string; file_size?: number }> {
    const response = await call(`/ui-api/artifact?run_id=${runId}&path=${encodeURIComponent(path)}`);
    expect(response.status).toBe(200);
    return await response.json();
  }

  /** The digest is recorded after the answer. */
  const untilRecorded = (runId: string, path: string, bytes: Uint8Array) =>
    expect
      .poll(() => details(runId, path), { timeout: 30_000 })
      .toMatchObject({
        path,
        file_size: bytes.length,
        etag: expect.stringMatching(/^".+"$/),
        sha256: hex(bytes),
      });

  test("the SHA-256 of what passed is known, of any length, stated or not", async () => {
    const { runId, folder } = await newFolder();
    for (const length of [0, 5, 256 * 1024, 3_000_001]) {
      const bytes = bytesOf(length);
      expect((await put(`${folder}/sized ${length}`, bytes)).status).toBe(200);
      expect((await put(`${folder}/chunked ${length}`, chunked(bytes))).status).toBe(200);
      for (const path of [`sized ${length}`, `chunked ${length}`]) await untilRecorded(runId, path, bytes);
    }
    const model = (await newModel({ experiment_id: await newExperiment() })).info;
    const key = model.artifact_uri.replace("mlflow-artifacts:/", "");
    await put(`${key}/MLmodel`, "flavors: {}");
    const answer = async () => (await call(`/ui-api/artifact?model_id=${model.model_id}&path=MLmodel`)).json();
    await expect
      .poll(answer, { timeout: 30_000 })
      .toMatchObject({ sha256: hex(new TextEncoder().encode("flavors: {}")) });
  });

  test("a right checksum is taken in every form, and a wrong one changes nothing", { timeout: 120_000 }, async () => {
    const { folder } = await newFolder();
    await put(`${folder}/kept`, "old");
    for (const length of [0, 7, 700_000]) {
      const bytes = bytesOf(length);
      for (const [header, value] of announcements(bytes)) {
        expect((await put(`${folder}/right`, bytes, { [header]: value })).status, `${header} ${length}`).toBe(200);
        expect((await put(`${folder}/right`, chunked(bytes), { [header]: value })).status, header).toBe(200);
      }
      for (const [header, value] of announcements(bytesOf(length + 1))) {
        for (const [name, body] of [
          ["kept", bytes],
          ["kept", chunked(bytes)],
          ["new", bytes],
          ["new", chunked(bytes)],
        ] as const) {
          const answer = await put(`${folder}/${name}`, body, { [header]: value });
          expect(answer.status, `${header} ${length} ${name}`).toBe(400);
          expect(await answer.json()).toMatchObject({
            error_code: "INVALID_PARAMETER_VALUE",
            message: `The bytes that arrived do not have the checksum of the header ${header}; nothing was changed.`,
          });
        }
      }
    }
    // versitygw keeps the beginning of a body that breaks off, and rclone's server that of a larger one. S3 refuses the whole.
    if (kind === "s3" && !inject("isRclone")) return;
    expect(await read(`${folder}/kept`)).toBe("old");
    expect(await read(`${folder}/new`)).toBe(404);
  });

  test("what is no checksum is refused, and an algorithm that nobody knows is ignored", async () => {
    const { folder } = await newFolder();
    for (const [header, value] of [
      ["Content-MD5", "abc"],
      ["x-amz-checksum-sha256", base64("md5", bytesOf(1))],
      ["Digest", "sha-256=?"],
      ["Digest", "md5"],
      ["Content-Digest", `sha-256=${base64("sha256", bytesOf(1))}`],
      ["Repr-Digest", "sha-512=:abc:"],
    ] as const) {
      expect((await put(`${folder}/new`, bytesOf(1), { [header]: value })).status, `${header}: ${value}`).toBe(400);
    }
    expect(await read(`${folder}/new`)).toBe(404);
    const ignored = { Digest: "crc32c=abcd", "Content-Digest": "fnv=:AA==:" };
    expect((await put(`${folder}/new`, bytesOf(1), ignored)).status).toBe(200);
  });

  test("of a file that was replaced by others, nothing is told", async () => {
    const { runId, folder } = await newFolder();
    await put(`${folder}/file`, "one");
    await untilRecorded(runId, "file", new TextEncoder().encode("one"));
    await env.DB.prepare("UPDATE artifact_digests SET etag = '\"other\"' WHERE object_key = ?")
      .bind(`${folder}/file`)
      .run();
    expect(await details(runId, "file")).not.toHaveProperty("sha256");
    await put(`${folder}/file`, "two");
    await untilRecorded(runId, "file", new TextEncoder().encode("two"));
  });

  test("a deletion takes the record with it, and so does a run's deletion for good", async () => {
    const { runId, folder, experimentId } = await newFolder();
    const recorded = async () =>
      (
        await env.DB.prepare("SELECT object_key FROM artifact_digests WHERE object_key LIKE ? ORDER BY object_key")
          .bind(`${experimentId}/%`)
          .all<{ object_key: string }>()
      ).results.map(({ object_key }) => object_key.replace(`${folder}/`, ""));
    for (const name of ["a/1", "a/2", "ab", "b"]) await put(`${folder}/${name}`, name);
    await expect.poll(recorded, { timeout: 30_000 }).toEqual(["a/1", "a/2", "ab", "b"]);
    await call(`/api/2.0/mlflow-artifacts/artifacts/${folder}/a`, { method: "DELETE" });
    await expect.poll(recorded, { timeout: 30_000 }).toEqual(["ab", "b"]);
    if (kind !== "r2") return;
    const other = await newRun({ experiment_id: experimentId });
    await put(`${experimentId}/${other}/artifacts/kept`, "kept");
    await expect.poll(recorded, { timeout: 30_000 }).toHaveLength(3);
    await mlflow("runs/delete", { run_id: runId });
    await gc({ run_ids: [runId] });
    expect(await recorded()).toEqual([`${experimentId}/${other}/artifacts/kept`]);
  });

  test("a copied file has its SHA-256 too", async () => {
    const { runId, folder, experimentId } = await newFolder();
    for (const [name, length] of [
      ["empty", 0],
      ["a/b", 300_000],
    ] as const)
      await put(`${folder}/${name}`, bytesOf(length));
    const copy = { run_ids: [runId], experiment_id: experimentId, copy_id: crypto.randomUUID() };
    await mlflow("runs/update", { run_id: runId, status: "FINISHED" });
    let toId = "";
    let pageToken: string | undefined;
    do {
      const answer = await call("/api/2.0/trackflare/runs/copy", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ ...copy, ...(pageToken !== undefined && { page_token: pageToken }) }),
      });
      expect(answer.status).toBe(200);
      const copied = await answer.json<{ runs: { run_id: string }[]; next_page_token?: string }>();
      toId = copied.runs[0]?.run_id ?? "";
      pageToken = copied.next_page_token;
    } while (pageToken !== undefined);
    await untilRecorded(toId, "empty", bytesOf(0));
    await untilRecorded(toId, "a/b", bytesOf(300_000));
  });

  test("of a file that is deleted at once, nothing is recorded", async () => {
    const { runId, folder } = await newFolder();
    const calls = [put(`${folder}/gone/file`, "gone"), put(`${folder}/stays`, "stays")];
    await Promise.all(calls);
    await call(`/api/2.0/mlflow-artifacts/artifacts/${folder}/gone`, { method: "DELETE" });
    await untilRecorded(runId, "stays", new TextEncoder().encode("stays"));
    const { results } = await env.DB.prepare("SELECT object_key FROM artifact_digests WHERE object_key LIKE ?")
      .bind(`${folder}/%`)
      .all();
    expect(results).toEqual([{ object_key: `${folder}/stays` }]);
  });

  // Parts of a file in S3 go to the bucket itself.
  if (kind === "s3") return;

  describe("by parts", () => {
    async function begin(folder: string, partCount: number) {
      const headers = { "Content-Type": "application/json" };
      const post = (verb: string, message: object) =>
        call(`/api/2.0/mlflow-artifacts/mpu/${verb}/${folder}`, {
          method: "POST",
          headers,
          body: JSON.stringify({ path: "file", ...message }),
        });
      const begun = await (await post("create", { num_parts: partCount })).json<{
        upload_id: string;
        credentials: { url: string }[];
      }>();
      const send = (part: number, bytes: Uint8Array, headers: Record<string, string> = {}) =>
        call(begun.credentials[part - 1]?.url ?? "", {
          method: "PUT",
          body: bytes,
          headers: { ...headers, ...lengthOf(bytes) },
        });
      const complete = (etags: readonly (string | null)[]) =>
        post("complete", {
          upload_id: begun.upload_id,
          parts: etags.map((etag, i) => ({ part_number: i + 1, etag, url: "" })),
        });
      return { send, complete };
    }

    test("the SHA-256 of a file of one part is known", async () => {
      const { runId, folder } = await newFolder();
      const { send, complete } = await begin(folder, 1);
      const etag = (await send(1, bytesOf(300_000))).headers.get("ETag");
      const answer = await complete([etag]);
      expect(answer.status, await answer.text()).toBe(200);
      await untilRecorded(runId, "file", bytesOf(300_000));
    });

    test("a SHA-256 that a client makes up is not recorded", async () => {
      const { runId, folder } = await newFolder();
      const { send, complete } = await begin(folder, 1);
      const etag = (await send(1, bytesOf(300))).headers.get("ETag") ?? "";
      const forged = etag.replace(hex(bytesOf(300)), hex(bytesOf(301)));
      expect(forged).not.toBe(etag);
      expect((await complete([forged])).status).toBe(200);
      await put(`${folder}/later`, "x");
      await untilRecorded(runId, "later", new TextEncoder().encode("x"));
      expect(await details(runId, "file")).not.toHaveProperty("sha256");
    });

    test("a part with a wrong checksum is refused, and can be sent again", async () => {
      const { runId, folder } = await newFolder();
      const { send, complete } = await begin(folder, 2);
      const [first, last] = [bytesOf(5 * 1024 * 1024), bytesOf(9)];
      expect((await send(1, first, { "Content-MD5": base64("md5", last) })).status).toBe(400);
      const etags = [await send(1, first, { "Content-MD5": base64("md5", first) }), await send(2, last)];
      expect((await complete(etags.map((answer) => answer.headers.get("ETag")))).status).toBe(200);
      const { file_size, ...rest } = await details(runId, "file");
      expect(file_size).toBe(first.length + last.length);
      expect(rest).not.toHaveProperty("sha256");
    });
  });
});
