import { describe, expect, test } from "vitest";
import type { ArtifactStore, UploadedPart } from "../../../src/stores/artifacts/artifact-store.ts";

/** The minimum size of a part in R2 and S3, except for the last part. */
const PART = 5 * 1024 * 1024;
const PARTS = [new Uint8Array(PART).fill(1), new Uint8Array(PART).fill(2), new Uint8Array(7).fill(3)];

const notThere = expect.objectContaining({ code: "RESOURCE_DOES_NOT_EXIST" });
const refused = expect.objectContaining({ code: "INVALID_PARAMETER_VALUE" });

/**
 * What uploads by parts must do in every store.
 * @param isRclone whether rclone's server is behind the store: it keeps no metadata, no second sending of a part, and no
 *   upload that was completed wrongly, and asks for all parts; and an upload is good for any key.
 */
export function multipartSuite(name: string, openStore: () => ArtifactStore, { isRclone = false } = {}): void {
  // docs/compatibility.md lists the cases that rclone's server cannot do. They are not declared for it.
  const testUnlessRclone = (what: string, run: () => Promise<void>) => isRclone || test(what, run);
  describe(`${name}, by parts`, () => {
    const store = openStore();
    const { multipart } = store;

    /** Sends a part as a client does: to the store's own address, or through this server. */
    async function send(key: string, uploadId: string, partNumber: number, bytes: Uint8Array): Promise<UploadedPart> {
      if (multipart.sendPart !== undefined) {
        const body = bytes.length === 0 ? null : new Response(bytes).body;
        return { partNumber, etag: await multipart.sendPart(key, uploadId, partNumber, body, bytes.length) };
      }
      const url = (await multipart.presignPart?.(key, uploadId, partNumber, 60)) ?? "";
      const response = await fetch(url, { method: "PUT", body: bytes });
      expect(response.status, await response.text()).toBe(200);
      return { partNumber, etag: response.headers.get("ETag") ?? "" };
    }

    const sendAll = (key: string, uploadId: string, parts = PARTS) =>
      Promise.all(parts.map((bytes, i) => send(key, uploadId, i + 1, bytes)));

    async function put(key: string, text: string): Promise<void> {
      await store.put(key, new Response(text).body, text.length);
    }

    async function read(key: string): Promise<Uint8Array | undefined> {
      const object = await store.get(key);
      return object && new Response(object.body).bytes();
    }

    /** The first bytes of each part, and its length. */
    async function outline(key: string): Promise<number[]> {
      const bytes = (await read(key)) ?? new Uint8Array();
      return [bytes.length, ...[0, PART - 1, PART, 2 * PART - 1, 2 * PART].map((at) => bytes[at] ?? -1)];
    }

    const WHOLE = [2 * PART + 7, 1, 1, 2, 2, 3];

    test("parts go up in any order, repeated and at once, and the old object stays until the end", async () => {
      const key = `${crypto.randomUUID()}/ä b+c%20.bin`;
      await put(key, "old");
      const uploadId = await multipart.create(key);
      const third = await send(key, uploadId, 3, new Uint8Array(7).fill(3));
      await send(key, uploadId, 1, new Uint8Array(PART).fill(isRclone ? 1 : 9));
      const parts = [...(await sendAll(key, uploadId, PARTS.slice(0, 2))), third];
      expect(new TextDecoder().decode(await read(key))).toBe("old");
      await multipart.complete(key, uploadId, parts);
      expect(await outline(key)).toEqual(WHOLE);
      expect(await store.head(key)).toMatchObject({ size: 2 * PART + 7 });
    });

    testUnlessRclone(
      "a part that is sent again when all others are there takes the place of the first one",
      async () => {
        const key = `${crypto.randomUUID()}/file`;
        const uploadId = await multipart.create(key);
        await sendAll(key, uploadId, [new Uint8Array(PART).fill(7), ...PARTS.slice(1)]);
        const parts = await sendAll(key, uploadId);
        await multipart.complete(key, uploadId, parts);
        expect(await outline(key)).toEqual(WHOLE);
      },
    );

    test("an upload that is aborted leaves nothing, and is not completed later", async () => {
      const folder = crypto.randomUUID();
      const uploadId = await multipart.create(`${folder}/file`);
      const parts = await sendAll(`${folder}/file`, uploadId);
      await multipart.abort(`${folder}/file`, uploadId);
      await expect(multipart.complete(`${folder}/file`, uploadId, parts)).rejects.toEqual(notThere);
      await multipart.abort(`${folder}/file`, uploadId);
      if (multipart.sendPart)
        await expect(send(`${folder}/file`, uploadId, 1, new Uint8Array(1))).rejects.toEqual(notThere);
      expect((await store.list(folder)).files).toEqual([]);
    });

    testUnlessRclone("a client that heard no answer may say again that an upload is complete", async () => {
      const key = `${crypto.randomUUID()}/file`;
      const uploadId = await multipart.create(key);
      const parts = await sendAll(key, uploadId);
      await Promise.all([multipart.complete(key, uploadId, parts), multipart.complete(key, uploadId, parts)]).catch(
        // A bucket may refuse the second call while the first one is under way, but not afterwards.
        () => undefined,
      );
      await multipart.complete(key, uploadId, parts);
      expect(await outline(key)).toEqual(WHOLE);
      await put(key, "newer");
      await multipart.complete(key, uploadId, parts).catch(() => undefined);
      expect(new TextDecoder().decode(await read(key))).toBe("newer");
    });

    testUnlessRclone("parts that did not arrive so are refused, and the upload goes on", async () => {
      const key = `${crypto.randomUUID()}/file`;
      const uploadId = await multipart.create(key);
      const [first, second, third] = await sendAll(key, uploadId);
      if (!first || !second || !third) throw new Error("three parts were sent");
      await expect(multipart.complete(key, uploadId, [first, { ...second, etag: first.etag }, third])).rejects.toEqual(
        refused,
      );
      expect(await store.head(key)).toBeUndefined();
      await multipart.complete(key, uploadId, [first, second, third]);
      expect(await outline(key)).toEqual(WHOLE);
    });

    testUnlessRclone("parts that are left out are not in the object", async () => {
      const key = `${crypto.randomUUID()}/file`;
      const uploadId = await multipart.create(key);
      const [first, , third] = await sendAll(key, uploadId);
      if (!first || !third) throw new Error("three parts were sent");
      await multipart.complete(key, uploadId, [first, third]);
      expect(await outline(key)).toEqual([PART + 7, 1, 1, 3, -1, -1]);
    });

    test("an empty file is one empty part", async () => {
      const key = `${crypto.randomUUID()}/file`;
      const uploadId = await multipart.create(key);
      await multipart.complete(key, uploadId, [await send(key, uploadId, 1, new Uint8Array())]);
      expect(await store.head(key)).toMatchObject({ size: 0 });
    });

    test("a name that is taken is refused at the beginning, and at the end if it was taken since", async () => {
      const folder = crypto.randomUUID();
      await put(`${folder}/a/b`, "below");
      await put(`${folder}/file`, "above");
      await expect(multipart.create(`${folder}/a`)).rejects.toEqual(refused);
      await expect(multipart.create(`${folder}/file/below`)).rejects.toEqual(refused);
      const uploadId = await multipart.create(`${folder}/late`);
      const parts = await sendAll(`${folder}/late`, uploadId);
      await put(`${folder}/late/below`, "first");
      await expect(multipart.complete(`${folder}/late`, uploadId, parts)).rejects.toEqual(refused);
      await store.delete(`${folder}/late`);
      await multipart.complete(`${folder}/late`, uploadId, parts);
      expect(await outline(`${folder}/late`)).toEqual(WHOLE);
    });

    testUnlessRclone("an upload is of its own key, and nobody knows another id", async () => {
      const folder = crypto.randomUUID();
      const uploadId = await multipart.create(`${folder}/mine`);
      const parts = await sendAll(`${folder}/mine`, uploadId);
      await expect(multipart.complete(`${folder}/other`, uploadId, parts)).rejects.toThrow();
      await expect(multipart.complete(`${folder}/mine`, "unknown", parts)).rejects.toEqual(notThere);
      expect((await store.list(folder)).files).toEqual([]);
    });
  });
}
