import { describe, expect, test } from "vitest";
import type { FileInfo } from "../../../src/domain/entities.ts";
import { MlflowError } from "../../../src/domain/errors.ts";
import { MAX_LIST_PAGE } from "../../../src/domain/limits.ts";
import type { ArtifactStore, Usage } from "../../../src/stores/artifacts/artifact-store.ts";

const utf8 = new TextEncoder();

/**
 * What every artifact store must do. Each test works below a folder of its own.
 * @param isRclone whether rclone's server is behind the store: it lists folders in which nothing came to be.
 * @param keepsCutOff whether the server behind the store keeps what came of a large body that is cut off, as rclone's server
 *   and versitygw do. S3 refuses the whole (IncompleteBody).
 */
export function artifactStoreSuite(
  name: string,
  openStore: () => ArtifactStore,
  { isRclone = false, keepsCutOff = false } = {},
): void {
  describe(name, () => {
    const store = openStore();
    const newFolder = () => crypto.randomUUID();

    async function put(key: string, text: string): Promise<void> {
      const bytes = utf8.encode(text);
      await store.put(key, streamOf(bytes), bytes.length);
    }

    async function read(key: string): Promise<string | undefined> {
      const object = await store.get(key);
      return object && new Response(object.body).text();
    }

    async function list(prefix: string): Promise<FileInfo[]> {
      const found: FileInfo[] = [];
      let next: string | undefined;
      do {
        const page = await store.list(prefix, next);
        expect(page.files.length).toBeLessThanOrEqual(MAX_LIST_PAGE);
        found.push(...page.files);
        next = page.next;
      } while (next !== undefined);
      return found;
    }

    async function usage(key: string): Promise<Usage> {
      const sum = { files: 0, bytes: 0 };
      let next: string | undefined;
      do {
        const page = await store.usage(key, next);
        sum.files += page.files;
        sum.bytes += page.bytes;
        next = page.next;
      } while (next !== undefined);
      return sum;
    }

    const names = async (prefix: string) => (await list(prefix)).map((file) => file.path);

    test("gives back what was put, byte for byte", async () => {
      const key = `${newFolder()}/run/artifacts/model.bin`;
      const bytes = new Uint8Array(300_000).map((_, i) => (i * 31) ^ (i >> 8));
      await store.put(key, streamOf(bytes), bytes.length);
      const object = await store.get(key);
      expect(object).toMatchObject({ size: 300_000, etag: expect.stringMatching(/^".+"$/) });
      expect(object?.range).toBeUndefined();
      expect(await new Response(object?.body).bytes()).toEqual(bytes);
    });

    test.each(["model.bin", ".hidden/model.bin", "ä b+%20/model 1.bin", "dir/.model"])(
      "gives back a large file, whole and in ranges: %s",
      async (name) => {
        const key = `${newFolder()}/${name}`;
        const bytes = new Uint8Array(3 * 1024 * 1024 + 5).map((_, i) => i * 31 + (i >> 12));
        await store.put(key, streamOf(bytes), bytes.length);
        const ranges = [undefined, { offset: 7, length: 2 * 1024 * 1024 }, { offset: 1024 }, { suffix: 2_000_000 }];
        for (const range of ranges) {
          const object = await store.get(key, range);
          const start = object?.range?.offset ?? 0;
          const expected = bytes.subarray(start, start + (object?.range?.length ?? bytes.length));
          expect(await digest(new Response(object?.body))).toBe(await digest(new Response(expected)));
        }
      },
    );

    test("tells size and etag without the bytes, and nothing of what is no file", async () => {
      const folder = newFolder();
      await put(`${folder}/a/file`, "text");
      const object = await store.get(`${folder}/a/file`);
      await object?.body.cancel();
      expect(await store.head(`${folder}/a/file`)).toEqual({ size: 4, etag: object?.etag });
      for (const key of ["a", "a/file/below", "b"]) expect(await store.head(`${folder}/${key}`)).toBeUndefined();
    });

    test("keeps empty files, with and without a stated length", async () => {
      const folder = newFolder();
      await store.put(`${folder}/no-body`, null, undefined);
      await store.put(`${folder}/no-body-0`, null, 0);
      await store.put(`${folder}/chunked`, streamOf(), undefined);
      await store.put(`${folder}/sized`, streamOf(), 0);
      for (const file of await list(folder)) {
        expect(file).toMatchObject({ isDir: false, fileSize: 0 });
        expect(await read(`${folder}/${file.path}`)).toBe("");
      }
      expect(await names(folder)).toHaveLength(4);
    });

    test.each([1, 5_000_000, 8 * 1024 * 1024, 20_000_000])("stores %d bytes of unstated length", async (size) => {
      const key = `${newFolder()}/file`;
      const bytes = new Uint8Array(size).map((_, i) => i % 251);
      await store.put(key, streamOf(bytes.subarray(0, size / 3), bytes.subarray(size / 3)), undefined);
      const object = await store.get(key);
      expect(object?.size).toBe(size);
      expect(await digest(new Response(object?.body))).toBe(await digest(new Response(bytes)));
    });

    test("replaces an object, with another etag, and a reader of the old one reads it to its end", async () => {
      const key = `${newFolder()}/file`;
      await put(key, "old");
      const old = await store.get(key);
      await put(key, "newer");
      const newer = await store.get(key);
      expect(await new Response(old?.body).text()).toBe("old");
      expect(await new Response(newer?.body).text()).toBe("newer");
      expect(newer?.etag).not.toBe(old?.etag);
    });

    test("sends no bytes of a version that the caller holds, and all of any other", async () => {
      const key = `${newFolder()}/ä b/file`;
      if (store.getUnlessHeld === undefined) return;
      expect(await store.getUnlessHeld(key, '"none"')).toBeUndefined();
      await put(key, "old");
      const { etag = "" } = (await store.head(key)) ?? {};
      for (const range of [undefined, { offset: 1, length: 1 }, { suffix: 2 }]) {
        expect(await store.getUnlessHeld(key, etag, range)).toBe("held");
      }
      await put(key, "newer");
      const whole = await store.getUnlessHeld(key, etag);
      if (whole === "held") throw new Error("The old version is held");
      expect(await new Response(whole?.body).text()).toBe("newer");
      const part = await store.getUnlessHeld(key, etag, { offset: 1, length: 2 });
      if (part === "held") throw new Error("The old version is held");
      expect(part).toMatchObject({ size: 5, range: { offset: 1, length: 2 } });
      expect(await new Response(part?.body).text()).toBe("ew");
      await store.delete(key);
      expect(await store.getUnlessHeld(key, etag)).toBeUndefined();
    });

    describe("a body that ends early", () => {
      const bytes = utf8.encode("half of it");
      test.each([
        ["shorter than stated", () => streamOf(bytes), 1000],
        ["broken off, length stated", () => brokenStream(bytes), 1000],
        ["far shorter than stated", () => streamOf(new Uint8Array(3_000_000)), 20_000_000],
        ["broken off after many parts, length stated", () => brokenStream(new Uint8Array(20_000_000)), 30_000_000],
        ["broken off, length not stated", () => brokenStream(bytes), undefined],
        ["broken off after many parts", () => brokenStream(new Uint8Array(20_000_000)), undefined],
      ])("changes nothing: %s", async (_, body, contentLength) => {
        const folder = newFolder();
        await put(`${folder}/a/kept`, "old");
        await expect(store.put(`${folder}/a/kept`, body(), contentLength)).rejects.toThrow();
        await expect(store.put(`${folder}/b/new`, body(), contentLength)).rejects.toThrow();
        if (keepsCutOff && (contentLength ?? 0) > 1_000_000) return;
        expect(await read(`${folder}/a/kept`)).toBe("old");
        expect(await list(`${folder}/a`)).toEqual([{ path: "kept", isDir: false, fileSize: 3 }]);
        // The server behind a store may notice the end only now.
        await expect.poll(() => list(`${folder}/b`)).toEqual([]);
        if (!isRclone) expect(await list(folder)).toEqual([{ path: "a", isDir: true }]);
      });

      test("does not pass when it is longer than stated either", async () => {
        const folder = newFolder();
        await expect(store.put(`${folder}/file`, streamOf(bytes), 3)).rejects.toThrow();
        // As above.
        await expect.poll(() => list(folder)).toEqual([]);
      });
    });

    test("refuses a file where a folder is, and changes nothing", async () => {
      const folder = newFolder();
      await put(`${folder}/a/b/c`, "below");
      await expect(put(`${folder}/a`, "file")).rejects.toThrow(MlflowError);
      await expect(put(`${folder}/a/b`, "file")).rejects.toMatchObject({ code: "INVALID_PARAMETER_VALUE" });
      const large = new Uint8Array(2_000_000);
      await expect(store.put(`${folder}/a`, streamOf(large), large.length)).rejects.toThrow(MlflowError);
      expect(await read(`${folder}/a/b/c`)).toBe("below");
      expect(await list(folder)).toEqual([{ path: "a", isDir: true }]);
    });

    test("refuses a file below a file, and changes nothing", async () => {
      const folder = newFolder();
      await put(`${folder}/a`, "file");
      await expect(put(`${folder}/a/b`, "below")).rejects.toMatchObject({ code: "INVALID_PARAMETER_VALUE" });
      await expect(put(`${folder}/a/b/c`, "below")).rejects.toMatchObject({ code: "INVALID_PARAMETER_VALUE" });
      expect(await read(`${folder}/a`)).toBe("file");
      expect(await read(`${folder}/a/b`)).toBeUndefined();
      expect(await list(folder)).toEqual([{ path: "a", isDir: false, fileSize: 4 }]);
    });

    test("a name is free again when what had it is deleted", async () => {
      const folder = newFolder();
      await put(`${folder}/a/b/c`, "below");
      await store.delete(`${folder}/a/b/c`);
      expect(await list(folder)).toEqual([]);
      await put(`${folder}/a`, "file");
      await store.delete(`${folder}/a`);
      await put(`${folder}/a/b`, "below");
      expect(await read(`${folder}/a/b`)).toBe("below");
    });

    test("stores every name that a path may have", async () => {
      const folder = newFolder();
      const legal = [
        ".hidden",
        "....",
        "...",
        "dog%step%100%timestamp%100",
        "a b+c=d~e:f&g?h",
        "%41",
        "日本語 – é",
        "😀",
        "quote\"and's",
        "*|<>",
        "-rf",
        "x".repeat(255),
        "é".repeat(127),
      ];
      for (const path of legal) await put(`${folder}/${path}/${path}`, path);
      expect(new Set(await names(folder))).toEqual(new Set(legal));
      for (const path of legal) {
        expect(await read(`${folder}/${path}/${path}`)).toBe(path);
        expect(await names(`${folder}/${path}`)).toEqual([path]);
      }
    });

    test("holds a key of 1,024 bytes", async () => {
      const folder = newFolder();
      const key = `${folder}/${"d".repeat(250)}/${"d".repeat(250)}/${"d".repeat(250)}/`;
      const full = key + "f".repeat(1024 - key.length);
      await put(full, "deep");
      expect(await read(full)).toBe("deep");
    });

    test("lists one level with sizes, by code point", async () => {
      const folder = newFolder();
      for (const path of ["b.txt", "a/x", "a/y/z", "a.txt", "a b", "B", "\u{1F600}", "\uFB01", "é", "a-"]) {
        await put(`${folder}/${path}`, path);
      }
      expect(await list(folder)).toEqual([
        { path: "B", isDir: false, fileSize: 1 },
        { path: "a", isDir: true },
        { path: "a b", isDir: false, fileSize: 3 },
        { path: "a-", isDir: false, fileSize: 2 },
        { path: "a.txt", isDir: false, fileSize: 5 },
        { path: "b.txt", isDir: false, fileSize: 5 },
        { path: "é", isDir: false, fileSize: 2 },
        { path: "\uFB01", isDir: false, fileSize: 3 },
        { path: "\u{1F600}", isDir: false, fileSize: 4 },
      ]);
      expect(await names(`${folder}/a`)).toEqual(["x", "y"]);
      expect(await names("")).toContain(folder);
    });

    test("a prefix ends where a segment ends", async () => {
      const folder = newFolder();
      await put(`${folder}/abc/x`, "1");
      await put(`${folder}/ab/y`, "2");
      await put(`${folder}/ab.txt`, "3");
      expect(await names(`${folder}/ab`)).toEqual(["y"]);
      expect(await names(`${folder}/a`)).toEqual([]);
      expect(await read(`${folder}/ab`)).toBeUndefined();
      await store.delete(`${folder}/a`);
      await store.delete(`${folder}/ab`);
      expect(await names(folder)).toEqual(["ab.txt", "abc"]);
    });

    test("a file and what is not there list as empty, and neither they nor folders are read", async () => {
      const folder = newFolder();
      await put(`${folder}/file`, "x");
      expect(await list(`${folder}/file`)).toEqual([]);
      expect(await list(`${folder}/nothing/here`)).toEqual([]);
      expect(await list(`${folder}/file/below`)).toEqual([]);
      expect(await store.get(folder)).toBeUndefined();
      expect(await store.get(`${folder}/nothing/here`)).toBeUndefined();
      expect(await store.get(`${folder}/file/below`)).toBeUndefined();
    });

    test("deletes a file alone, a folder with all below, and nothing twice", async () => {
      const folder = newFolder();
      for (const path of ["a/1", "a/b/2", "a/b/c/3", "z"]) await put(`${folder}/${path}`, path);
      await store.delete(`${folder}/a/1`);
      expect(await names(`${folder}/a`)).toEqual(["b"]);
      await store.delete(`${folder}/a`);
      await store.delete(`${folder}/a`);
      await store.delete(`${folder}/z/below`);
      expect(await names(folder)).toEqual(["z"]);
      expect(await read(`${folder}/z`)).toBe("z");
    });

    test("pages hold each entry once, folders among them", { timeout: 120_000 }, async () => {
      const folder = newFolder();
      const files = Array.from({ length: 1050 }, (_, i) => `f${i}${i % 3 === 0 ? "/below" : ""}`);
      for (let i = 0; i < files.length; i += 50) {
        await Promise.all(files.slice(i, i + 50).map((file) => put(`${folder}/${file}`, "x")));
      }
      await put(`${folder}/f1 after f1`, "x");
      const expected = [...files.map((file) => file.replace("/below", "")), "f1 after f1"];
      expect((await names(folder)).sort()).toEqual(expected.sort());
    });

    test("lists and deletes a folder of more than a thousand objects", { timeout: 120_000 }, async () => {
      const folder = newFolder();
      const files = Array.from({ length: 1100 }, (_, i) => `f${String(i).padStart(5, "0")}`);
      for (let i = 0; i < files.length; i += 50) {
        await Promise.all(files.slice(i, i + 50).map((file) => put(`${folder}/d/${file}`, "x")));
      }
      expect(await names(`${folder}/d`)).toEqual(files);
      await store.delete(folder);
      expect(await names(folder)).toEqual([]);
    });

    test("counts what is at a key and below it, and deletes it page by page", { timeout: 120_000 }, async () => {
      const folder = newFolder();
      await put(`${folder}2`, "a neighbour by name");
      expect(await usage(folder)).toEqual({ files: 0, bytes: 0 });
      const files = Array.from({ length: 1050 }, (_, i) => `${folder}/${i % 3 === 0 ? "a b+ä/c/" : ""}${i}`);
      for (let i = 0; i < files.length; i += 50) {
        await Promise.all(files.slice(i, i + 50).map((file) => put(file, "12345")));
      }
      expect(await usage(folder)).toEqual({ files: 1050, bytes: 5250 });
      expect(await usage(`${folder}/1`)).toEqual({ files: 1, bytes: 5 });
      expect(await usage(`${folder}/a b+ä`)).toEqual({ files: 350, bytes: 1750 });
      const deleted = { files: 0, bytes: 0 };
      for (let isAll = false; !isAll; ) {
        const page = await store.deletePage(folder);
        deleted.files += page.files;
        deleted.bytes += page.bytes;
        isAll = page.isAll;
      }
      expect(deleted).toEqual({ files: 1050, bytes: 5250 });
      expect(await usage(folder)).toEqual({ files: 0, bytes: 0 });
      expect(await store.deletePage(folder)).toEqual({ files: 0, bytes: 0, isAll: true });
      expect(await store.deletePage(`${folder}2`)).toEqual({ files: 1, bytes: 19, isAll: true });
    });

    test.each([
      [{ offset: 0, length: 1 }, "0", { offset: 0, length: 1 }],
      [{ offset: 3 }, "3456789", { offset: 3, length: 7 }],
      [{ offset: 3, length: 4 }, "3456", { offset: 3, length: 4 }],
      [{ offset: 8, length: 100 }, "89", { offset: 8, length: 2 }],
      [{ suffix: 3 }, "789", { offset: 7, length: 3 }],
      [{ suffix: 100 }, "0123456789", { offset: 0, length: 10 }],
    ])("range %o holds %s", async (range, text, held) => {
      const key = `${newFolder()}/digits`;
      await put(key, "0123456789");
      const object = await store.get(key, range);
      expect(object).toMatchObject({ size: 10, range: held });
      expect(await new Response(object?.body).text()).toBe(text);
    });

    test.each([
      ["0123456789", { offset: 10 }],
      ["0123456789", { offset: 1000, length: 5 }],
      ["0123456789", { suffix: 0 }],
      ["", { offset: 0 }],
      ["", { suffix: 5 }],
    ])("of %o, range %o is not satisfiable", async (text, range) => {
      const key = `${newFolder()}/digits`;
      await put(key, text);
      await expect(store.get(key, range)).rejects.toMatchObject({ code: "RANGE_NOT_SATISFIABLE" });
    });

    test("of what is not there, any range is not there", async () => {
      expect(await store.get(`${newFolder()}/x`, { offset: 5 })).toBeUndefined();
    });

    test("uploads of one key at once leave one of them, whole", async () => {
      const key = `${newFolder()}/contested`;
      const candidates = Array.from({ length: 8 }, (_, i) => String(i).repeat(200_000));
      await Promise.all(candidates.map((text) => put(key, text)));
      expect(candidates).toContain(await read(key));
    });

    test("uploads and deletions of neighbours at once hurt nobody else", async () => {
      const folder = newFolder();
      await Promise.all(
        Array.from({ length: 40 }, async (_, i) => {
          await put(`${folder}/a/b/${i}`, String(i));
          if (i % 2 === 0) await store.delete(`${folder}/a/b/${i}`);
        }),
      );
      const odd = Array.from({ length: 20 }, (_, i) => String(2 * i + 1)).sort();
      expect(await names(`${folder}/a/b`)).toEqual(odd);
    });
  });
}

/** A byte stream, as a request's body is. It takes the memory of what it is given. */
function streamOf(...chunks: Uint8Array[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    type: "bytes",
    start(controller) {
      for (const chunk of chunks) if (chunk.length > 0) controller.enqueue(chunk.slice());
      controller.close();
    },
  });
}

/** A stream of `bytes` that then fails like a broken connection. */
function brokenStream(bytes: Uint8Array): ReadableStream<Uint8Array> {
  let isGiven = false;
  return new ReadableStream({
    type: "bytes",
    pull(controller) {
      if (isGiven) controller.error(new Error("connection lost"));
      else controller.enqueue(bytes.slice());
      isGiven = true;
    },
  });
}

async function digest(response: Response): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", await response.arrayBuffer())).join();
}
