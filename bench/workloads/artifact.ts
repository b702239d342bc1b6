import { randomFillSync } from "node:crypto";
import { type Connection, render, renderHead, withConnection } from "../http/connection.ts";
import { createExperiment, createRun, FIRST_TIMESTAMP_MS, requireEqual, requireOk } from "../mlflow-api.ts";
import { freshName, type Scale, type Workload } from "./workload.ts";

/*
 * A file through the artifact proxy. FastTrackML has no such proxy: its clients write to the store themselves.
 */

const WARM_UP_BYTES = 1_000_000;

let content: Buffer | undefined;

/** The file's bytes. They are random, so that nothing on the way can compress them. */
function fileContent(bytes: number): Buffer {
  if (content?.length !== bytes) content = randomFillSync(Buffer.allocUnsafe(bytes));
  return content;
}

async function artifactPath(connection: Connection): Promise<string> {
  const experimentId = await createExperiment(connection, freshName("artifacts"));
  const { artifact_uri } = await createRun(connection, experimentId, "artifacts", FIRST_TIMESTAMP_MS);
  const folder = artifact_uri.replace(/^mlflow-artifacts:(\/\/[^/]*)?\//, "");
  return `/api/2.0/mlflow-artifacts/artifacts/${folder}/model.bin`;
}

/** @returns the time from the first sent byte to the answer */
async function upload(connection: Connection, path: string, file: Buffer): Promise<number> {
  const start = performance.now();
  const answer = await connection.send(renderHead("PUT", path, connection.port, file.length), file);
  const elapsedMs = performance.now() - start;
  requireOk(answer, "an upload");
  return elapsedMs;
}

/** @returns the time from the request to the last byte. Each byte is compared with the file's */
async function download(connection: Connection, path: string, file: Buffer): Promise<number> {
  let received = 0;
  let same = true;
  const start = performance.now();
  const answer = await connection.send(render("GET", path, connection.port), undefined, (piece) => {
    same &&= file.compare(piece, 0, piece.length, received, Math.min(file.length, received + piece.length)) === 0;
    received += piece.length;
  });
  const elapsedMs = performance.now() - start;
  requireOk(answer, "a download");
  requireEqual(received, file.length, "bytes of a download");
  requireEqual(same, true, "a download is what was uploaded");
  return elapsedMs;
}

async function measure(port: number, { artifactBytes }: Scale, direction: "up" | "down"): Promise<{ value: number }> {
  const file = fileContent(artifactBytes);
  const warmUp = file.subarray(0, WARM_UP_BYTES);
  return withConnection(port, async (connection) => {
    const path = await artifactPath(connection);
    await upload(connection, path, warmUp);
    await download(connection, path, warmUp);
    const uploadMs = await upload(connection, path, file);
    const downloadMs = await download(connection, path, file);
    return { value: artifactBytes / 1000 / (direction === "up" ? uploadMs : downloadMs) };
  });
}

export const artifactWorkloads: readonly Workload[] = [
  {
    id: "artifact-up",
    title: "an artifact of {artifact} up",
    unit: "MB/s",
    targets: { mlflow: 0.9 },
    data: "empty",
    servers: ["trackflare", "mlflow"],
    measure: (server, scale) => measure(server.port, scale, "up"),
  },
  {
    id: "artifact-down",
    title: "… down",
    unit: "MB/s",
    targets: { mlflow: 5 },
    data: "empty",
    servers: ["trackflare", "mlflow"],
    measure: (server, scale) => measure(server.port, scale, "down"),
  },
];
