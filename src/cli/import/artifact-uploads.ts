import { canonicalArtifactPath, joinArtifactPath, objectKeyOfArtifactUri } from "../../domain/artifact-path.ts";
import { counted } from "../counted.ts";
import { Refused, type TrackingServer } from "../transfer/http.ts";
import type { Report } from "../transfer/report.ts";
import type { ArtifactFile } from "../transfer/source.ts";
import type { Item, WrittenArtifacts } from "../transfer/target.ts";

const UPLOADS_AT_A_TIME = 4;
const PROXY = "/api/2.0/mlflow-artifacts/artifacts";

interface WithArtifacts {
  readonly artifactUri: string;
}

/** For each item, whether the target now has all its files. */
export type Uploads = WrittenArtifacts & { readonly areWhole: readonly boolean[] };

/** Copies artifacts into a server's store, file by file. It skips files that the store already has. */
export class ArtifactUploads {
  readonly #server: TrackingServer;
  readonly #report: Report;

  constructor(server: TrackingServer, report: Report) {
    this.#server = server;
    this.#report = report;
  }

  /** @param nameOf names the owner of an artifact in a problem's message. */
  async write<I extends Item<WithArtifacts>>(items: readonly I[], nameOf: (item: I) => string): Promise<Uploads> {
    const areWhole = items.map(() => true);
    let files = 0;
    let bytes = 0;
    const work = this.#missingFiles(items, nameOf);
    const upload = async () => {
      for await (const { index, root, file } of work) {
        const item = items[index]!;
        try {
          const key = joinArtifactPath(root, canonicalArtifactPath(file.path));
          await this.#put(key, file, item);
          files++;
          bytes += file.sizeBytes;
        } catch (error) {
          if (!isOfTheFile(error)) throw error;
          areWhole[index] = false;
          this.#report.count("artifacts", "failed");
          this.#report.problem(`${nameOf(item)}/artifacts/${file.path}`, error.message);
        }
      }
    };
    await Promise.all(Array.from({ length: UPLOADS_AT_A_TIME }, upload));
    return { files, bytes, areWhole };
  }

  async *#missingFiles<I extends Item<WithArtifacts>>(items: readonly I[], nameOf: (item: I) => string) {
    for (const [index, item] of items.entries()) {
      const { record, artifacts } = item;
      if (artifacts.length === 0) continue;
      const root = objectKeyOfArtifactUri(record.artifactUri);
      const there = new Map<string, number>();
      await this.#list(root, "", there);
      const missing = artifacts.filter(({ path, sizeBytes }) => there.get(path) !== sizeBytes);
      this.#report.count("artifacts", "skipped", artifacts.length - missing.length);
      if (!item.isKept) for (const file of missing) yield { index, root, file };
      else if (missing.length > 0) this.#tellMissing(nameOf(item), record.artifactUri, missing);
    }
  }

  #tellMissing(name: string, artifactUri: string, missing: readonly ArtifactFile[]): void {
    this.#report.count("artifacts", "failed", missing.length);
    this.#report.problem(
      `${name}/artifacts/${missing[0]!.path}`,
      `${counted(missing.length, "file")} to be kept at ${artifactUri} and not in this server's store: leave --artifacts keep out`,
    );
  }

  async #list(root: string, below: string, into: Map<string, number>): Promise<void> {
    const path = joinArtifactPath(root, below);
    const { files = [] } = await this.#server.get<{ files?: { path: string; is_dir: boolean; file_size?: number }[] }>(
      PROXY,
      { path },
    );
    for (const file of files) {
      const name = below === "" ? file.path : `${below}/${file.path}`;
      if (file.is_dir) await this.#list(root, name, into);
      else into.set(name, Number(file.file_size ?? 0));
    }
  }

  async #put(key: string, file: ArtifactFile, { open }: Item<WithArtifacts>): Promise<void> {
    const path = key.split("/").map(encodeURIComponent).join("/");
    const headers = { "Content-Type": "application/octet-stream", "Content-Length": String(file.sizeBytes) };
    const response = await this.#server.fetch(`${PROXY}/${path}`, {
      method: "PUT",
      headers,
      body: () => open(file.path),
    });
    await response.body?.cancel();
  }
}

/** An error of the source, not of the server: a file that is missing, unreadable, or has an invalid name. */
export function isOfTheFile(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  return (
    error instanceof Refused || error.name === "MlflowError" || "code" in error || error.name === "NotReadableError"
  );
}
