import { describe, expect, test } from "vitest";
import {
  baseName,
  extensionOf,
  folderOf,
  foldersAbove,
  foldersFirst,
  hexLine,
  isText,
  kindOf,
} from "../../../../ui/src/screens/artifacts/file-kinds.ts";

test.each([
  ["model/MLmodel", "text"],
  ["a/Photo.JPEG", "image"],
  ["drawing.svg", "svg"],
  ["eval.json", "json"],
  ["notebook.ipynb", "notebook"],
  ["table.tsv", "csv"],
  ["data.parquet", "parquet"],
  ["page.htm", "html"],
  ["clip.webm", "video"],
  ["weights.safetensors", "unknown"],
  ["html", "unknown"],
  ["", "unknown"],
])("%s is %s", (path, kind) => {
  expect(kindOf(path)).toBe(kind);
});

describe("paths", () => {
  test("have a name, a folder and folders above", () => {
    expect([baseName("a/b/c.txt"), folderOf("a/b/c.txt"), extensionOf("a.b/c.TXT")]).toEqual(["c.txt", "a/b", "txt"]);
    expect([baseName("c"), folderOf("c"), extensionOf("a.b/c")]).toEqual(["c", "", ""]);
    expect(foldersAbove("a/b/c.txt")).toEqual(["a", "a/b"]);
    expect(foldersAbove("c.txt")).toEqual([]);
  });

  test("of folders stand before those of files", () => {
    const files = ["b.txt", "a.txt"].map((path) => ({ path, is_dir: false }));
    expect(foldersFirst([...files, { path: "z", is_dir: true }]).map(({ path }) => path)).toEqual([
      ...["z", "a.txt", "b.txt"],
    ]);
  });
});

describe("bytes", () => {
  test("are text where they are UTF-8, also one that is cut", () => {
    const bytes = new TextEncoder().encode("für");
    expect(isText(bytes)).toBe(true);
    expect(isText(bytes.subarray(0, 2))).toBe(true);
    expect(isText(Uint8Array.of(65, 0, 66))).toBe(false);
    expect(isText(Uint8Array.of(65, 0xff, 66))).toBe(false);
  });

  test("in hex have their place, their values and what can be printed of them", () => {
    const bytes = Uint8Array.from({ length: 18 }, (_, index) => 56 + index);
    expect(hexLine(bytes.subarray(0, 16), 0)).toBe(
      "00000000  38 39 3a 3b 3c 3d 3e 3f  40 41 42 43 44 45 46 47  89:;<=>?@ABCDEFG",
    );
    expect(hexLine(bytes.subarray(16), 16)).toBe(`00000010  48 49${" ".repeat(45)}HI`);
    expect(hexLine(Uint8Array.of(10), 0)).toMatch(/·$/);
  });
});
