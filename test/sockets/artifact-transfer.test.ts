import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ARTIFACT_SERVERS, type ArtifactServer } from "./artifact-servers.ts";
import { type RawResponse, rawRequest } from "./raw-request.ts";

const API = "/api/2.0/mlflow-artifacts";

describe.each(Object.entries(ARTIFACT_SERVERS))("artifact transfer, stored in %s", (kind, start) => {
  let server: ArtifactServer;

  beforeAll(async () => {
    server = await start();
  });

  afterAll(() => server.stop());

  const newRoot = () => `0/${crypto.randomUUID()}/artifacts`;
  const request = (method: string, path: string, options?: Parameters<typeof rawRequest>[3]): Promise<RawResponse> =>
    rawRequest(server.url, method, `${API}/artifacts/${path}`, options);
  const put = (path: string, body: string) => request("PUT", path, { body });
  const get = (path: string, ...headers: string[]) => request("GET", path, { headers });

  test("an upload answers {}, and a download says what it is", async () => {
    const path = `${newRoot()}/metrics.json`;
    expect(await put(path, '{"a": 1}')).toMatchObject({ status: 200, body: "{}" });
    const { status, headers, body } = await get(path);
    expect([status, body]).toEqual([200, '{"a": 1}']);
    expect(Object.fromEntries(headers)).toMatchObject({
      "content-length": "8",
      "content-type": "text/plain",
      "content-disposition": `attachment; filename="metrics.json"; filename*=UTF-8''metrics.json`,
      "x-content-type-options": "nosniff",
      "cross-origin-resource-policy": "same-origin",
      "content-security-policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
      "accept-ranges": "bytes",
      "cache-control": "private, no-cache",
      etag: expect.stringMatching(/^"[^"]+"$/),
    });
  });

  test.each([
    ["page.html", "application/octet-stream"],
    ["image.svg", "application/octet-stream"],
    ["page.XHTML", "application/octet-stream"],
    ["report.pdf", "application/octet-stream"],
    ["plot.png", "image/png"],
    ["photo.JPG", "image/jpeg"],
    ["MLmodel", "text/plain"],
    ["conda.yaml", "text/plain"],
    [".hidden", "application/octet-stream"],
    ["weights", "application/octet-stream"],
  ])("%s is sent as %s, whatever type it was uploaded with", async (name, type) => {
    const path = `${newRoot()}/${name}`;
    await request("PUT", path, { headers: ["Content-Type: text/html", "Content-Length: 8"], body: "<script>" });
    const { headers } = await get(path);
    expect(headers.get("content-type")).toBe(type);
    expect(headers.get("content-disposition")).toMatch(/^attachment; /);
  });

  test("a name is quoted in the header, and only its last segment is sent", async () => {
    const name = `a";x=é ../'(b)*.txt`;
    const path = `${newRoot()}/${encodeURIComponent(name.replace("../", ".."))}`;
    await put(path, "x");
    expect((await get(path)).headers.get("content-disposition")).toBe(
      `attachment; filename="a_;x=_ ..'(b)*.txt"; filename*=UTF-8''a%22%3Bx%3D%C3%A9%20..%27%28b%29%2A.txt`,
    );
  });

  test("empty files and bodies of unstated length", async () => {
    const root = newRoot();
    const chunked = ["Transfer-Encoding: chunked"];
    expect((await request("PUT", `${root}/none`)).status).toBe(200);
    expect((await request("PUT", `${root}/zero`, { headers: ["Content-Length: 0"] })).status).toBe(200);
    expect((await request("PUT", `${root}/chunked`, { headers: chunked, body: "0\r\n\r\n" })).status).toBe(200);
    const body = "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n";
    expect((await request("PUT", `${root}/hello`, { headers: chunked, body })).status).toBe(200);
    for (const name of ["none", "zero", "chunked"])
      expect(await get(`${root}/${name}`)).toMatchObject({ status: 200, body: "" });
    expect(await get(`${root}/hello`)).toMatchObject({ status: 200, body: "hello world" });
  });

  test.each([
    ["bytes=0-0", 206, "0", "bytes 0-0/10"],
    ["bytes=2-5", 206, "2345", "bytes 2-5/10"],
    ["bytes=7-", 206, "789", "bytes 7-9/10"],
    ["bytes=-2", 206, "89", "bytes 8-9/10"],
    ["bytes=5-100", 206, "56789", "bytes 5-9/10"],
    ["bytes=0-1,4-5", 200, "0123456789", undefined],
    ["bytes=5-2", 200, "0123456789", undefined],
    ["lines=1-2", 200, "0123456789", undefined],
  ])("Range: %s answers %d with %s", async (range, status, body, contentRange) => {
    const path = `${newRoot()}/digits`;
    await put(path, "0123456789");
    const response = await get(path, `Range: ${range}`);
    expect(response).toMatchObject({ status, body });
    expect(response.headers.get("content-range")).toBe(contentRange);
    expect(response.headers.get("content-length")).toBe(String(body.length));
  });

  test("a range beyond the end is 416, and one of another upload is all of this one", async () => {
    const path = `${newRoot()}/digits`;
    await put(path, "0123456789");
    expect((await get(path, "Range: bytes=10-")).status).toBe(416);
    const etag = (await get(path)).headers.get("etag");
    expect(await get(path, "Range: bytes=8-", `If-Range: ${etag}`)).toMatchObject({ status: 206, body: "89" });
    expect(await get(path, "Range: bytes=8-", 'If-Range: "other"')).toMatchObject({ status: 200, body: "0123456789" });
  });

  test("what is not there, and a folder, is 404 as JSON", async () => {
    const root = newRoot();
    await put(`${root}/a/b`, "x");
    for (const path of [`${root}/a`, `${root}/a/`, `${root}/none`, `${root}/a/b/c`, ""]) {
      const { status, body } = await get(path);
      expect([path, status, JSON.parse(body).error_code]).toEqual([path, 404, "RESOURCE_DOES_NOT_EXIST"]);
    }
  });

  test("lists names, sizes and folders, and deletes a folder with all below", async () => {
    const root = newRoot();
    await put(`${root}/b.txt`, "hello");
    await put(`${root}/a/c.txt`, "x");
    const list = async (path: string) =>
      JSON.parse((await rawRequest(server.url, "GET", `${API}/artifacts?path=${path}`)).body);
    expect(await list(root)).toEqual({
      files: [
        { path: "a", is_dir: true },
        { path: "b.txt", is_dir: false, file_size: 5 },
      ],
    });
    expect(await list(`${root}/b.txt`)).toEqual({});
    expect(await list(`${root}/none`)).toEqual({});
    expect(await request("DELETE", `${root}/a`)).toMatchObject({ status: 200, body: "{}" });
    expect(await list(root)).toEqual({ files: [{ path: "b.txt", is_dir: false, file_size: 5 }] });
  });

  test("a file where a folder is, or below a file, is 400 and changes nothing", async () => {
    const root = newRoot();
    await put(`${root}/a/b`, "x");
    const before = await server.stored();
    expect((await put(`${root}/a`, "y")).status).toBe(400);
    expect((await put(`${root}/a/b/c`, "y")).status).toBe(400);
    expect(await server.stored()).toEqual(before);
  });

  test.each([
    ["a stated length", `Content-Length: 1000000\r\n\r\n${"x".repeat(500_000)}`],
    ["an unstated length", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"],
    ["an unstated length and many bytes", `Transfer-Encoding: chunked\r\n\r\n989680\r\n${"x".repeat(10_000_000)}\r\n`],
  ])("an upload that is cut off leaves what was there: %s", async (_name, rest) => {
    const root = newRoot();
    await put(`${root}/kept`, "old");
    const before = await server.stored();
    const { hostname, port, host } = new URL(server.url);
    for (const name of ["kept", "new"]) {
      const socket = connect(Number(port), hostname);
      // The server may reset the connection first.
      socket.on("error", () => undefined);
      await new Promise<void>((resolve) => {
        socket.write(`PUT ${API}/artifacts/${root}/${name} HTTP/1.1\r\nHost: ${host}\r\n${rest}`, () => resolve());
      });
      // When the server has answered a later request, it has surely read this one.
      await get(`${root}/kept`);
      socket.destroy();
    }
    await expect.poll(() => server.stored(), { timeout: 20_000 }).toEqual(before);
    expect(await get(`${root}/kept`)).toMatchObject({ status: 200, body: "old" });
  });

  test("who has the file is told so, and who has another gets this one", async () => {
    const path = `${newRoot()}/file`;
    await put(path, "one");
    const etag = (await get(path)).headers.get("etag") ?? "";
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
      const { status, headers, body } = await get(path, `If-None-Match: ${known}`, "Range: bytes=0-0");
      expect([known, status, body, headers.get("etag")]).toEqual([known, 304, "", etag]);
    }
    await put(path, "other");
    const answer = await get(path, `If-None-Match: ${etag}`);
    expect(answer).toMatchObject({ status: 200, body: "other" });
    expect(answer.headers.get("etag")).not.toBe(etag);
    expect(await get(`${path}x`, "If-None-Match: *")).toMatchObject({ status: 404 });
    const head = await request("HEAD", path);
    expect([head.status, head.headers.get("content-length"), head.body]).toEqual([200, "5", ""]);
  });

  test("presigned downloads are declined with the status that clients fall back on, or lead to the file", async () => {
    const path = `${newRoot()}/ä b.txt`.split("/").map(encodeURIComponent).join("/");
    await put(path, "text");
    const { status, body } = await rawRequest(server.url, "GET", `${API}/presigned/${path}`);
    // This server has no secret for signatures.
    if (kind === "r2") {
      expect(status).toBe(501);
      return;
    }
    expect(status, body).toBe(200);
    const { url, ...rest } = JSON.parse(body);
    expect(rest).toEqual({ headers: {}, file_size: 4 });
    const part = await fetch(url, { headers: { Range: "bytes=1-2" } });
    expect(await part.text()).toBe("ex");
    expect(part.status === 206 || kind === "s3").toBe(true);
    for (const forged of [url.replace(/(signature)=.{8}/i, "$1=00000000"), url.replace("b.txt?", "c.txt?")]) {
      expect((await fetch(forged)).status).toBe(403);
    }
    expect((await rawRequest(server.url, "GET", `${API}/presigned/${path}x`)).status).toBe(404);
  });

  test("every address of a file answers ranges, versions and HEAD alike, and the presigned twins lead to it", async () => {
    const post = async <T>(name: string, message: object): Promise<T> => {
      const headers = { "Content-Type": "application/json" };
      const sent = { method: "POST", headers, body: JSON.stringify(message) };
      const answer = await fetch(`${server.url}/api/2.0/mlflow/${name}`, sent);
      expect(answer.status, name).toBe(200);
      return (await answer.json()) as T;
    };
    const { run } = await post<{ run: { info: { run_id: string } } }>("runs/create", { experiment_id: "0" });
    const { model } = await post<{ model: { info: { model_id: string } } }>("logged-models", { experiment_id: "0" });
    const [runId, modelId, name] = [run.info.run_id, model.info.model_id, crypto.randomUUID()];
    const modelRoot = `0/models/${modelId}/artifacts`;
    for (const root of [`0/${runId}/artifacts`, modelRoot]) await put(`${root}/digits`, "0123456789");
    await post("registered-models/create", { name });
    await post("model-versions/create", { name, source: `models:/${modelId}`, model_id: modelId });
    const ofVersion = `/model-versions/get-artifact?name=${name}&version=1&path=digits`;
    const ofModel = `/ajax-api/2.0/mlflow/logged-models/${modelId}/artifacts/files?artifact_file_path=digits`;
    const addresses = [
      `${API}/artifacts/${modelRoot}/digits`,
      `/get-artifact?run_id=${runId}&path=digits`,
      ofVersion,
      ofModel,
    ];
    const ask = (path: string, headers: Record<string, string> = {}, method = "GET") =>
      fetch(`${server.url}${path}`, { headers, method });
    for (const address of addresses) {
      const whole = await ask(address);
      expect([address, whole.status, await whole.text()]).toEqual([address, 200, "0123456789"]);
      const etag = whole.headers.get("ETag") ?? "";
      const part = await ask(address, { Range: "bytes=2-4", "If-Range": etag });
      expect([part.status, part.headers.get("Content-Range"), await part.text()]).toEqual([206, "bytes 2-4/10", "234"]);
      const other = await ask(address, { Range: "bytes=2-4", "If-Range": '"other"' });
      expect([other.status, await other.text()]).toEqual([200, "0123456789"]);
      expect((await ask(address, { Range: "bytes=10-" })).status).toBe(416);
      const held = await ask(address, { "If-None-Match": etag });
      expect([held.status, held.headers.get("ETag"), await held.text()]).toEqual([304, etag, ""]);
      const head = await ask(address, {}, "HEAD");
      expect([head.status, head.headers.get("Content-Length"), await head.text()]).toEqual([200, "10", ""]);
      expect(whole.headers.get("X-Content-Type-Options")).toBe("nosniff");
    }
    for (const twin of [ofVersion, ofModel]) {
      const answer = await ask(`${twin}&presigned=true`);
      // The server with R2 has no secret for signatures here.
      expect([twin, answer.status]).toEqual([twin, kind === "r2" ? 501 : 200]);
      if (kind === "r2") continue;
      const { url, ...rest } = (await answer.json()) as { url: string };
      expect(rest).toEqual({ headers: {}, file_size: 10 });
      expect(await (await fetch(url)).text()).toBe("0123456789");
      expect((await ask(`${twin}x&presigned=true`)).status).toBe(404);
    }
  });
});
