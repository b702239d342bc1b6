import type { TrackingServer } from "../../transfer/http.ts";
import type { ArtifactFile, ArtifactFolder } from "../../transfer/source.ts";

interface WireFile {
  readonly path: string;
  readonly is_dir?: boolean;
  readonly file_size?: number | bigint | string;
}

const PROXY = "/api/2.0/mlflow-artifacts/artifacts";

/** Artifacts of runs and logged models that the server stores itself, read through the artifact proxy. */
export class ProxiedArtifacts implements ArtifactFolder {
  readonly #server: TrackingServer;
  readonly #root: string;

  constructor(server: TrackingServer, root: string) {
    this.#server = server;
    this.#root = root;
  }

  async *list(below = ""): AsyncIterable<ArtifactFile> {
    const path = [this.#root, below].filter((part) => part !== "").join("/");
    const { files = [] } = await this.#server.get<{ files?: readonly WireFile[] }>(PROXY, { path });
    for (const file of files) {
      const name = below === "" ? file.path : `${below}/${file.path}`;
      if (file.is_dir === true) yield* this.list(name);
      else yield { path: name, sizeBytes: Number(file.file_size ?? 0) };
    }
  }

  async open(path: string): Promise<ReadableStream<Uint8Array>> {
    const encoded = [this.#root, path]
      .filter((part) => part !== "")
      .join("/")
      .split("/")
      .map(encodeURIComponent)
      .join("/");
    return bodyOf(await this.#server.fetch(`${PROXY}/${encoded}`));
  }
}

/** Artifacts of a run in another store, which the server reads for its web UI. */
export class RunArtifacts implements ArtifactFolder {
  readonly #server: TrackingServer;
  readonly #runId: string;

  constructor(server: TrackingServer, runId: string) {
    this.#server = server;
    this.#runId = runId;
  }

  async *list(path = ""): AsyncIterable<ArtifactFile> {
    const query = { run_id: this.#runId, ...(path !== "" && { path }) };
    const { files = [] } = await this.#server.get<{ files?: readonly WireFile[] }>(
      "/api/2.0/mlflow/artifacts/list",
      query,
    );
    for (const file of files) {
      if (file.is_dir === true) yield* this.list(file.path);
      else yield { path: file.path, sizeBytes: Number(file.file_size ?? 0) };
    }
  }

  async open(path: string): Promise<ReadableStream<Uint8Array>> {
    const query = new URLSearchParams({ run_uuid: this.#runId, path });
    return bodyOf(await this.#server.fetch(`/get-artifact?${query}`));
  }
}

function bodyOf(response: Response): ReadableStream<Uint8Array> {
  return response.body ?? new Blob([]).stream();
}

/** The path in an `mlflow-artifacts:` URI, whatever server the URI names. */
export function proxiedPath(uri: string): string | undefined {
  return /^mlflow-artifacts:\/+(?:[^/]+:\d+\/+)?(.*)$/.exec(uri)?.[1];
}
