import { afterAll, beforeAll, describe, expect, inject, test, vi } from "vitest";
import { type Cost, Isolate } from "./edge.ts";
import { ledger } from "./ledger.ts";

/*
 * A large file that is fetched twice in one data center comes from the bucket once: then the bucket only says that the file
 * is still the same. What the bucket answers is counted in bytes.
 */

const SETTINGS = { TRACKFLARE_ADMIN_PASSWORD: "the admin's own secret" } as unknown as Partial<Env>;
const basic = (name: string, secret: string) => ({ Authorization: `Basic ${btoa(`${name}:${secret}`)}` });
const ADMIN = basic("admin", "the admin's own secret");

const MIB = 1024 * 1024;
const FILES = "/api/2.0/mlflow-artifacts/artifacts";
/** No request of the bucket but the one for the version, which has no bytes. */
const HIT = [{ what: "get", bytes: 0 }];
const READ_AND_KEPT = (bytes: number, whole = bytes) => [
  { what: "get", bytes },
  { what: "get", bytes: whole },
];

let isolate: Isolate;
let runId: string;
let root: string;
let settings: Partial<Env>;

async function begin(bucket: Readonly<Record<string, string>>): Promise<void> {
  settings = { ...SETTINGS, ...bucket };
  isolate = await Isolate.start(settings);
  const made = await isolate.api("POST", "experiments/create", { name: crypto.randomUUID() }, ADMIN);
  const { experiment_id } = made.answer as { experiment_id: string };
  const { answer } = await isolate.api("POST", "runs/create", { experiment_id }, ADMIN);
  const { run } = answer as { run: { info: { run_id: string; artifact_uri: string } } };
  runId = run.info.run_id;
  root = run.info.artifact_uri.replace("mlflow-artifacts:/", "");
}

/** Counts what an S3 server is asked for, as R2's binding is counted. */
function countFetches(): void {
  const real = globalThis.fetch;
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    const response = await real(input, init);
    const method = init?.method;
    if (method === "GET" || method === "HEAD") {
      const bytes = method === "GET" && response.ok ? Number(response.headers.get("Content-Length")) : 0;
      ledger.bucketReads.push({ what: method === "GET" ? "get" : "head", bytes });
    }
    return response;
  });
}

const put = (name: string, text: string) => isolate.call("PUT", `${FILES}/${root}/${name}`, text, ADMIN);

async function newFile(text: string): Promise<string> {
  const name = `${crypto.randomUUID()} ä/model.txt`;
  await put(name, text);
  return name;
}

const fetchFile = (name: string, headers: Record<string, string> = {}, status = 200, by = isolate) =>
  by.call("GET", `${FILES}/${root}/${name}`, {}, { ...ADMIN, ...headers }, status);

const textOf = ({ answer }: Cost) => answer as string;
const letters = (letter: string, length: number) => letter.repeat(length);

describe.each([
  ["R2", {}],
  ["S3", inject("s3")],
])("%s: ", (_, bucket) => {
  beforeAll(async () => {
    await begin(bucket);
    countFetches();
  });
  afterAll(() => {
    vi.restoreAllMocks();
  });

  describe("a file of two MiB", () => {
    test("is read from the bucket once, whoever fetches it again", async () => {
      const text = letters("a", 2 * MIB);
      const name = await newFile(text);
      const first = await fetchFile(name);
      expect(first.bucketReads).toEqual(READ_AND_KEPT(2 * MIB));
      const second = await fetchFile(name);
      expect([second.bucketReads, textOf(second) === text]).toEqual([HIT, true]);
      for (const header of ["ETag", "Content-Length", "Content-Type", "Content-Disposition", "Cache-Control"]) {
        expect(second.headers.get(header), header).toBe(first.headers.get(header));
      }
      const other = await Isolate.start(settings);
      expect((await fetchFile(name, {}, 200, other)).bucketReads).toEqual(HIT);
      const asRuns = await isolate.call("GET", "/get-artifact", { run_id: runId, path: name }, ADMIN);
      expect([asRuns.bucketReads, textOf(asRuns) === text]).toEqual([HIT, true]);
    });

    test("is sent in ranges from what is kept", async () => {
      const text = letters("b", MIB) + letters("c", MIB);
      const name = await newFile(text);
      await fetchFile(name);
      for (const [range, content, wanted] of [
        ["bytes=1048570-1048581", "bytes 1048570-1048581/2097152", "bbbbbbcccccc"],
        ["bytes=-3", "bytes 2097149-2097151/2097152", "ccc"],
        ["bytes=2097151-", "bytes 2097151-2097151/2097152", "c"],
      ] as const) {
        const part = await fetchFile(name, { Range: range }, 206);
        expect([part.bucketReads, textOf(part), part.headers.get("Content-Range")]).toEqual([HIT, wanted, content]);
        expect(part.headers.get("Content-Length")).toBe(String(wanted.length));
      }
      const beyond = await fetchFile(name, { Range: "bytes=2097152-" }, 416);
      expect(beyond.answer).toMatchObject({ message: expect.any(String) });
    });

    test("is kept when a large range of it is fetched, and not when a small one is", async () => {
      const name = await newFile(letters("d", 3 * MIB));
      const small = await fetchFile(name, { Range: "bytes=0-99" }, 206);
      expect(small.bucketReads).toEqual([{ what: "get", bytes: 100 }]);
      const large = await fetchFile(name, { Range: `bytes=${MIB}-` }, 206);
      expect(large.bucketReads).toEqual(READ_AND_KEPT(2 * MIB, 3 * MIB));
      expect((await fetchFile(name, { Range: "bytes=0-99" }, 206)).bucketReads).toEqual(HIT);
    });

    test("is never sent as it was: overwritten, deleted, and written again", async () => {
      const [old, other] = [letters("e", 2 * MIB), letters("f", 2 * MIB)];
      const name = await newFile(old);
      await fetchFile(name);
      expect((await fetchFile(name)).bucketReads).toEqual(HIT);
      await put(name, other);
      const changed = await fetchFile(name);
      expect([changed.bucketReads, textOf(changed) === other]).toEqual([READ_AND_KEPT(2 * MIB), true]);
      const part = await fetchFile(name, { Range: "bytes=0-3" }, 206);
      expect([part.bucketReads, textOf(part)]).toEqual([HIT, "ffff"]);
      await put(name, old);
      const range = await fetchFile(name, { Range: "bytes=0-3" }, 206);
      expect([range.bucketReads, textOf(range)]).toEqual([[{ what: "get", bytes: 4 }], "eeee"]);
      await isolate.call("DELETE", `${FILES}/${root}/${name}`, {}, ADMIN);
      for (const headers of [{}, { Range: "bytes=0-3" }]) await fetchFile(name, headers, 404);
      await put(name, other);
      expect(textOf(await fetchFile(name)) === other).toBe(true);
    });

    test("is for those who may read it: nobody else reaches the cache or the bucket", async () => {
      const name = await newFile(letters("g", 2 * MIB));
      await fetchFile(name);
      const closed = { ...settings, TRACKFLARE_DEFAULT_PERMISSION: "NO_PERMISSIONS" };
      const office = await Isolate.start(closed);
      const user = { username: `user-${crypto.randomUUID()}`, password: "correct horse battery" };
      await office.api("POST", "users/create", user, ADMIN);
      const stranger = basic(user.username, user.password);
      for (const [headers, status] of [
        [stranger, 403],
        [{ Authorization: "" }, 401],
      ] as const) {
        const refused = await fetchFile(name, headers, status, office);
        expect(refused.bucketReads).toEqual([]);
        expect(JSON.stringify(refused.answer)).not.toContain("ggg");
      }
    });

    test("is not kept for a host of workers.dev, whose cache keeps nothing: it is not read a second time in vain", async () => {
      const name = await newFile(letters("h", 2 * MIB));
      const open = { ...settings, MLFLOW_SERVER_ALLOWED_HOSTS: "*" };
      const there = await Isolate.start(open, { host: "tracking.someone.workers.dev" });
      for (let i = 0; i < 2; i++) {
        expect((await fetchFile(name, {}, 200, there)).bucketReads).toEqual([{ what: "get", bytes: 2 * MIB }]);
      }
    });
  });

  test("a small file comes with the answer about its version, and is not kept", async () => {
    const name = await newFile("small");
    for (let i = 0; i < 2; i++) expect((await fetchFile(name)).bucketReads).toEqual([{ what: "get", bytes: 5 }]);
  });
});
