import type { FileInfo } from "../../api/wire.ts";

/** How a file is shown. */
export type FileKind =
  | "image"
  | "svg"
  | "text"
  | "json"
  | "geojson"
  | "csv"
  | "parquet"
  | "notebook"
  | "npy"
  | "markdown"
  | "html"
  | "pdf"
  | "audio"
  | "video"
  | "unknown";

const EXTENSIONS: Readonly<Record<Exclude<FileKind, "unknown">, string>> = {
  image: "png jpg jpeg gif webp bmp ico avif",
  svg: "svg",
  text:
    "txt log out err yaml yml toml ini cfg conf properties prop hocon xml py py3 pyi r jl java js jsx ts tsx mjs c h cpp " +
    "hpp cs go rs rb sh bash zsh ps1 sql css scss rst tex diff patch env lock dockerfile jsonl ndjson proto gitignore",
  json: "json",
  notebook: "ipynb",
  npy: "npy",
  geojson: "geojson",
  csv: "csv tsv",
  parquet: "parquet",
  markdown: "md markdown",
  html: "html htm",
  pdf: "pdf",
  audio: "wav mp3 ogg oga flac m4a aac opus",
  video: "mp4 webm ogv mov m4v",
};

const KINDS = new Map<string, FileKind>();
for (const [kind, names] of Object.entries(EXTENSIONS)) {
  for (const name of names.split(" ")) KINDS.set(name, kind as FileKind);
}

const TEXT_NAMES = new Set(["MLmodel", "MLproject", "Dockerfile", "Makefile", "LICENSE", "README"]);

/** The last name of a path. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** The folder that a path lies in; the root's is "". */
export function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

/** A path's folders from the top: `a/b/c.txt` → `a`, `a/b`. */
export function foldersAbove(path: string): string[] {
  const names = path.split("/").slice(0, -1);
  return names.map((_, index) => names.slice(0, index + 1).join("/"));
}

export function extensionOf(path: string): string {
  const name = baseName(path);
  const dot = name.lastIndexOf(".");
  return dot < 0 ? "" : name.slice(dot + 1).toLowerCase();
}

/** The name by which `Highlighter` knows the language of a file. */
export function languageOf(path: string): string {
  return extensionOf(path) || baseName(path).toLowerCase();
}

/** Folders, then files, both by name. */
export function foldersFirst(files: readonly FileInfo[]): FileInfo[] {
  return [...files].sort((a, b) => Number(b.is_dir) - Number(a.is_dir) || (a.path < b.path ? -1 : 1));
}

/** The kind by the name alone. For an unknown kind, the first bytes decide. */
export function kindOf(path: string): FileKind {
  if (TEXT_NAMES.has(baseName(path))) return "text";
  return KINDS.get(extensionOf(path)) ?? "unknown";
}

/** Whether bytes are text: no NUL, and UTF-8 but for a character cut at the end. */
export function isText(bytes: Uint8Array): boolean {
  if (bytes.includes(0)) return false;
  const text = new TextDecoder().decode(bytes, { stream: true });
  return !text.includes("�");
}

export const HEX_LINE_BYTES = 16;

/** Up to 16 bytes: their offset in the file, hex, and their printable characters. */
export function hexLine(bytes: Uint8Array, offset: number): string {
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0"));
  const left = hex.slice(0, 8).join(" ").padEnd(23);
  const right = hex.slice(8).join(" ").padEnd(23);
  const shown = Array.from(bytes, (byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : "·")).join("");
  return `${offset.toString(16).padStart(8, "0")}  ${left}  ${right}  ${shown}`;
}
