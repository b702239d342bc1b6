import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { fetchWorker } from "../helpers/mlflow.ts";
import { closedServer, PASSWORD } from "../helpers/users.ts";

const server = closedServer({ TRACKFLARE_DEFAULT_PERMISSION: "NO_PERMISSIONS" });

const mlflow = (path: string) => `/api/2.0/mlflow/${path}`;
const FILES = "/api/2.0/mlflow-artifacts/artifacts";

async function newExperiment(artifact_location?: string): Promise<string> {
  const message = { name: `experiment ${crypto.randomUUID()}`, ...(artifact_location && { artifact_location }) };
  return (await server.admin.ask<{ experiment_id: string }>("POST", mlflow("experiments/create"), message))
    .experiment_id;
}

async function statusOf(username: string, method: string, target: string): Promise<number> {
  const headers = { Authorization: `Basic ${Buffer.from(`${username}:${PASSWORD}`).toString("base64")}` };
  const init = { method, headers, ...(method === "PUT" && { body: "bytes" }) };
  const response = await fetchWorker(target, init, server.env);
  await response.arrayBuffer();
  return response.status;
}

/** Writes, reads and lists a file below the folder. */
const outcomes = async (username: string, folder: string): Promise<number[]> => [
  await statusOf(username, "PUT", `${FILES}/${folder}/file.txt`),
  await statusOf(username, "GET", `${FILES}/${folder}/file.txt`),
  await statusOf(username, "GET", `${FILES}?path=${encodeURIComponent(folder)}`),
];

const RUN = "0123456789abcdef0123456789abcdef";

describe("an experiment with a location of its own", () => {
  test("is open by its location to who may edit it, half open to who may read it, and closed to others", async () => {
    const folder = `team-${crypto.randomUUID()}/images`;
    const experimentId = await newExperiment(`mlflow-artifacts:/${folder}`);
    const [editor, reader, other] = [await server.newUser(), await server.newUser(), await server.newUser()];
    await server.grant(editor, "experiment", experimentId, "EDIT");
    await server.grant(reader, "experiment", experimentId, "READ");
    const place = `${folder}/${RUN}/artifacts`;
    expect(await outcomes(editor, place)).toEqual([200, 200, 200]);
    expect(await outcomes(reader, place)).toEqual([403, 200, 200]);
    expect(await outcomes(other, place)).toEqual([403, 403, 403]);
    for (const above of [folder.split("/")[0]!, `${folder}2`]) {
      expect(await outcomes(editor, above)).toEqual([403, 403, 403]);
    }
  });

  test("is closed to the editor of the experiment whose number its folder has, as earlier versions allowed", async () => {
    const numbered = await newExperiment(`mlflow-artifacts:/elsewhere-${crypto.randomUUID()}`);
    const owner = await newExperiment();
    await env.DB.prepare("UPDATE experiments SET artifact_location = ? WHERE experiment_id = ?")
      .bind(`mlflow-artifacts:/${numbered}`, Number(owner))
      .run();
    const [editorOfNumber, editorOfOwner] = [await server.newUser(), await server.newUser()];
    await server.grant(editorOfNumber, "experiment", numbered, "EDIT");
    await server.grant(editorOfOwner, "experiment", owner, "EDIT");
    const place = `${numbered}/${RUN}/artifacts`;
    expect(await outcomes(editorOfOwner, place)).toEqual([200, 200, 200]);
    expect(await outcomes(editorOfNumber, place)).toEqual([403, 403, 403]);
  });

  test("keeps its runs closed to who has a DENY on runs, and its models open", async () => {
    const folder = `team-${crypto.randomUUID()}`;
    const experimentId = await newExperiment(`mlflow-artifacts:/${folder}`);
    const username = await server.newUser();
    await server.grant(username, "experiment", experimentId, "EDIT");
    await server.grant(username, "run", "*", "DENY");
    expect(await outcomes(username, `${folder}/${RUN}/artifacts`)).toEqual([403, 403, 403]);
    expect(await outcomes(username, `${folder}/models/m-1/artifacts`)).toEqual([200, 200, 200]);
    expect(await outcomes(username, `${folder}/${RUN}/artifacts`)).toEqual([403, 403, 403]);
  });

  test("keeps an imported run closed to who has a DENY on runs, whatever the run's id is, also after a move", async () => {
    const [from, to] = [await newExperiment(), await newExperiment()];
    const [denied, reader, newReader] = [await server.newUser(), await server.newUser(), await server.newUser()];
    for (const username of [denied, reader]) await server.grant(username, "experiment", from, "READ");
    await server.grant(newReader, "experiment", to, "READ");
    await server.grant(denied, "run", "*", "DENY");
    const run_id = `night-run_${crypto.randomUUID()}`;
    const root = `${from}/${run_id}/artifacts`;
    const record = { run_id, experiment_id: from, status: "FINISHED", artifact_uri: `mlflow-artifacts:/${root}` };
    await server.admin.ask("POST", "/api/2.0/trackflare/import/runs", { records: [record] });
    await server.admin.ask("POST", "/api/2.0/trackflare/import/finished-runs", { records: [{ run_id, digest: "d" }] });
    for (const place of [root, `${from}/notes`]) {
      expect((await server.admin.send("PUT", `${FILES}/${place}/file.txt`)).status).toBe(200);
    }
    const read = async (place: string) =>
      Promise.all([denied, reader, newReader].map((one) => statusOf(one, "GET", `${FILES}/${place}/file.txt`)));
    expect(await read(root)).toEqual([403, 200, 403]);
    expect(await read(`${from}/notes`)).toEqual([200, 200, 403]);
    await server.admin.ask("POST", "/api/2.0/trackflare/runs/move", { run_ids: [run_id], experiment_id: to });
    expect(await read(root)).toEqual([403, 403, 200]);
  });

  test("tells who has a DENY on runs of none by the list of its folder", async () => {
    const experimentId = await newExperiment();
    const [denied, reader] = [await server.newUser(), await server.newUser()];
    for (const username of [denied, reader]) await server.grant(username, "experiment", experimentId, "READ");
    await server.grant(denied, "run", "*", "DENY");
    for (const place of [`${RUN}/artifacts`, "models/m-1/artifacts", "notes", `${RUN}x`]) {
      expect((await server.admin.send("PUT", `${FILES}/${experimentId}/${place}/file.txt`)).status).toBe(200);
    }
    const listed = async (username: string) => {
      const { files } = await server
        .as(username)
        .ask<{ files: { path: string }[] }>("GET", FILES, { path: experimentId });
      return files.map(({ path }) => path).sort();
    };
    expect(await listed(reader)).toEqual([RUN, `${RUN}x`, "models", "notes"]);
    expect(await listed(denied)).toEqual([`${RUN}x`, "models", "notes"]);
  });
});

describe("security.txt", () => {
  const ask = (contact?: string) =>
    fetchWorker("/.well-known/security.txt", {}, {
      ...server.env,
      ...(contact && { TRACKFLARE_SECURITY_CONTACT: contact }),
    } as unknown as Partial<Env>);

  test("names the operator's contact to everybody, until a month from now", async () => {
    const answer = await ask("mailto:security@example.com");
    expect([answer.status, answer.headers.get("Content-Type")]).toEqual([200, "text/plain; charset=utf-8"]);
    const [, expires = ""] =
      /^Contact: mailto:security@example\.com\nExpires: (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)\nPreferred-Languages: en\n$/.exec(
        await answer.text(),
      ) ?? [];
    const days = (Date.parse(expires) - Date.now()) / 86_400_000;
    expect(days).toBeGreaterThan(29);
    expect(days).toBeLessThanOrEqual(30);
  });

  test("is not there without a contact", async () => {
    expect((await ask()).status).toBe(404);
  });
});
