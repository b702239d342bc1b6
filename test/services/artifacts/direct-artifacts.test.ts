import { beforeEach, describe, expect, inject, test } from "vitest";
import { s3Settings } from "../../../src/domain/s3-settings.ts";
import { S3ArtifactStore } from "../../../src/stores/artifacts/s3/s3-artifact-store.ts";
import { closedServer } from "../../helpers/users.ts";

/* Artifacts that clients store in a bucket by themselves, and for which the server has credentials too. */

const root = `direct-${crypto.randomUUID()}`;
const settings = {
  ...inject("s3"),
  MLFLOW_ARTIFACTS_DESTINATION: "",
  MLFLOW_DEFAULT_ARTIFACT_ROOT: `s3://artifacts/${root}`,
  MLFLOW_SERVE_ARTIFACTS: "false",
};
const server = closedServer({ ...settings, TRACKFLARE_DEFAULT_PERMISSION: "NO_PERMISSIONS" });
const { admin } = server;
const mlflow = (path: string) => `/api/2.0/mlflow/${path}`;

/** What a client with its own credentials does. */
function clientStore(): S3ArtifactStore {
  const own = s3Settings({ ...inject("s3"), MLFLOW_ARTIFACTS_DESTINATION: "s3://artifacts" });
  if (own === undefined) throw new Error("The tests' settings name no bucket");
  return new S3ArtifactStore(own);
}

interface Place {
  readonly experimentId: string;
  readonly runId: string;
  readonly modelId: string;
  readonly reader: string;
}

/** An experiment with a reader, whose run and model have a file each, stored by the client. */
async function newPlace(artifact_location?: string): Promise<Place> {
  const named = { name: crypto.randomUUID(), ...(artifact_location && { artifact_location }) };
  const { experiment_id } = await admin.ask<{ experiment_id: string }>("POST", mlflow("experiments/create"), named);
  const { run } = await admin.ask<{ run: { info: { run_id: string; artifact_uri: string } } }>(
    "POST",
    mlflow("runs/create"),
    { experiment_id },
  );
  const { model } = await admin.ask<{ model: { info: { model_id: string; artifact_uri: string } } }>(
    "POST",
    mlflow("logged-models"),
    { experiment_id },
  );
  for (const [uri, text] of [
    [run.info.artifact_uri, "of the run"],
    [model.info.artifact_uri, "of the model"],
  ] as const) {
    const key = uri.replace("s3://artifacts/", "");
    if (key !== uri && !/[?]|\/\//.test(key))
      await clientStore().put(`${key}/sub/file.txt`, new Response(text).body, text.length);
  }
  const reader = await server.newUser();
  await server.grant(reader, "experiment", experiment_id, "READ");
  return { experimentId: experiment_id, runId: run.info.run_id, modelId: model.info.model_id, reader };
}

const readsOf = ({ runId, modelId }: Place) =>
  [
    [mlflow("artifacts/list"), { run_id: runId, path: "sub" }, '"path":"sub/file.txt"'],
    ["/get-artifact", { run_id: runId, path: "sub/file.txt" }, "of the run"],
    ["/ui-api/artifact", { run_id: runId, path: "sub/file.txt" }, '"file_size":10'],
    ["/ui-api/preview", { run_id: runId, path: "sub/file.txt" }, "of the run"],
    ["/ui-api/folder-zip", { run_id: runId }, "of the run"],
    [mlflow(`logged-models/${modelId}/artifacts/directories`), { artifact_directory_path: "sub" }, "sub/file.txt"],
    [mlflow(`logged-models/${modelId}/artifacts/files`), { artifact_file_path: "sub/file.txt" }, "of the model"],
  ] as const;

async function outcomes(username: string | undefined, place: Place): Promise<(number | string)[]> {
  const caller = username === undefined ? admin : server.as(username);
  return await Promise.all(
    readsOf(place).map(async ([path, message, expected]) => {
      const response = await caller.send("GET", path, message);
      const text = await response.text();
      return response.status === 200 && !text.includes(expected) ? text : response.status;
    }),
  );
}

const all = (status: number) => Array(7).fill(status);

describe("files of an experiment in its default folder of the operator's root", () => {
  let place: Place;
  beforeEach(async () => {
    place = await newPlace();
  });

  test("are listed, read and packed for who may read the experiment, and for nobody else", async () => {
    expect(await outcomes(undefined, place)).toEqual(all(200));
    expect(await outcomes(place.reader, place)).toEqual(all(200));
    expect(await outcomes(await server.newUser(), place)).toEqual(all(403));
  });

  test("are not written through this server", async () => {
    const upload = `/ajax-api/2.0/mlflow/upload-artifact?run_id=${place.runId}&path=new.txt`;
    const response = await admin.send("POST", upload, { some: "text" });
    expect(response.status).toBe(501);
    expect(await clientStore().list(`${root}/${place.experimentId}/${place.runId}/artifacts`)).toEqual({
      files: [{ path: "sub", isDir: true }],
      next: undefined,
    });
  });

  test("are sent and fetched by presigned URLs of the bucket", async () => {
    const of = { run_id: place.runId, path: "sub/new ä.txt", expiration: 60 };
    const up = await admin.ask<{ presigned_url: string; headers: Record<string, string> }>(
      "POST",
      mlflow("artifacts/presigned-upload-url"),
      of,
    );
    expect(up.headers).toEqual({ "Content-Type": "text/plain" });
    const sent = await fetch(up.presigned_url, { method: "PUT", headers: up.headers, body: "new" });
    expect(sent.status).toBe(200);
    await sent.arrayBuffer();
    const down = await admin.ask<{ presigned_url: string; file_size: number }>(
      "POST",
      mlflow("artifacts/presigned-download-url"),
      of,
    );
    expect(down.file_size).toBe(3);
    expect(await (await fetch(down.presigned_url)).text()).toBe("new");
    const asReader = await server.as(place.reader).send("POST", mlflow("artifacts/presigned-upload-url"), of);
    expect(asReader.status).toBe(403);
  });
});

test("a location that a user chose in the same bucket is read for an admin alone", async () => {
  const place = await newPlace(`s3://artifacts/${root}/team-${crypto.randomUUID()}`);
  expect(await outcomes(undefined, place)).toEqual(all(200));
  expect(await outcomes(place.reader, place)).toEqual(all(501));
});

test.each([
  "s3://elsewhere/folder",
  "s3://artifacts-2/folder",
  "gs://artifacts/folder",
  "s3://artifacts/folder//below",
  "s3://artifacts/folder?endpoint_url=http%3A%2F%2F127.0.0.1",
])("%s is never read, and the answer says where the files are", async (location) => {
  const place = await newPlace(location);
  expect(await outcomes(undefined, place)).toEqual(all(501));
  const response = await admin.send("GET", mlflow("artifacts/list"), { run_id: place.runId });
  expect(await response.json()).toMatchObject({ artifact_uri: expect.stringContaining(place.runId) });
});

test("without credentials, nothing is read", async () => {
  const without = closedServer({ ...settings, AWS_ACCESS_KEY_ID: "", AWS_SECRET_ACCESS_KEY: "" });
  const { runId } = await newPlace();
  expect((await without.admin.send("GET", mlflow("artifacts/list"), { run_id: runId })).status).toBe(501);
});
