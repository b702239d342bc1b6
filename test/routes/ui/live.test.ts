import { evictDurableObject, listDurableObjectIds, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test, vi } from "vitest";
import { parsePoints } from "../../../ui/src/api/live-frames.ts";
import { expectMlflowError, fetchWorker, type Message, mlflow, newRun, searchRuns } from "../../helpers/mlflow.ts";
import { alarmOf, newRunWithObject, newUnmarkedRun, object, runOf } from "../../helpers/run-object.ts";
import { gc } from "../../helpers/trash.ts";
import { closedServer } from "../../helpers/users.ts";

/** A socket and all its messages. */
async function watch(runId: string) {
  const response = await fetchWorker(`/ui-api/runs/${runId}/live`, { headers: { Upgrade: "websocket" } });
  expect(response.status).toBe(101);
  const socket = response.webSocket!;
  socket.binaryType = "arraybuffer";
  socket.accept();
  const heard: unknown[] = [];
  socket.addEventListener("message", ({ data }) => {
    if (typeof data !== "string") heard.push(...parsePoints(runId, data as ArrayBuffer));
    else heard.push(data === "pong" ? data : JSON.parse(data));
  });
  return { socket, heard };
}

const liveEpoch = async (runId: string): Promise<number | null | undefined> => {
  const row = env.DB.prepare("SELECT live_epoch FROM runs WHERE run_id = ?").bind(runId);
  return (await row.first<{ live_epoch: number | null }>())?.live_epoch;
};

test("those who watch a run hear its points and its changes, also before its first point", async () => {
  const runId = await newRunWithObject({ run_name: "watched" });
  const { socket, heard } = await watch(runId);
  await mlflow("runs/log-metric", { run_id: runId, key: "a", value: "Infinity", timestamp: 1, step: 2 });
  const point = { run_id: runId, key: "a", steps: [2], timestamps: [1], values: [Number.POSITIVE_INFINITY] };
  await vi.waitFor(() => expect(heard).toEqual([point]));
  await mlflow("runs/set-tag", { run_id: runId, key: "t", value: "1" });
  await vi.waitFor(() => expect(heard.slice(1)).toEqual([{ type: "data" }]));
  await mlflow("runs/log-parameter", { run_id: runId, key: "p", value: "1" });
  await vi.waitFor(() => expect(heard).toHaveLength(3));
  await mlflow("runs/delete-tag", { run_id: runId, key: "t" });
  await vi.waitFor(() => expect(heard).toHaveLength(4));
  await mlflow("runs/update", { run_id: runId, status: "FINISHED", end_time: 99 });
  const ended = { type: "run", status: "FINISHED", end_time: 99, run_name: "watched" };
  await vi.waitFor(() => expect(heard.slice(4)).toEqual([ended]));
  await mlflow("runs/delete", { run_id: runId });
  await vi.waitFor(() => expect(heard.slice(5)).toEqual([{ type: "run", lifecycle_stage: "deleted" }]));
  await mlflow("runs/restore", { run_id: runId });
  await vi.waitFor(() => expect(heard.slice(6)).toEqual([{ type: "run", lifecycle_stage: "active" }]));
  socket.send("ping");
  await vi.waitFor(() => expect(heard.at(-1)).toBe("pong"));
  socket.close();
});

test("all points come once and in order, however many requests they came in", async () => {
  const runId = await newRunWithObject();
  const { socket, heard } = await watch(runId);
  const other = await watch(runId);
  const count = 60;
  for (let from = 0; from < count; from += 10) {
    const steps = Array.from({ length: 10 }, (_, index) => from + index);
    await Promise.all(
      steps.map((step) => mlflow("runs/log-metric", { run_id: runId, key: "a", value: step, timestamp: 1, step })),
    );
  }
  const stepsOf = (messages: readonly unknown[]) =>
    (messages as ReturnType<typeof parsePoints>).flatMap(({ steps }) => steps).sort((a, b) => a - b);
  const all = Array.from({ length: count }, (_, step) => step);
  await vi.waitFor(() => expect(stepsOf(heard)).toEqual(all));
  await vi.waitFor(() => expect(stepsOf(other.heard)).toEqual(all));
  socket.close();
  other.socket.close();
});

test("a run is live for as long as someone watches, whoever searches and whenever its object flushes", async () => {
  const runId = await newRunWithObject();
  expect(await liveEpoch(runId)).toBeNull();
  const { socket } = await watch(runId);
  const { experiment_id } = (await mlflow<{ run: { info: { experiment_id: string } } }>("runs/get", { run_id: runId }))
    .run.info;
  await mlflow("runs/log-metric", { run_id: runId, key: "a", value: 1, timestamp: 1 });
  await searchRuns({ experiment_ids: [experiment_id] });
  await runOf(runId).flush();
  await searchRuns({ experiment_ids: [experiment_id] });
  expect(await liveEpoch(runId)).not.toBeNull();
  socket.close();
  await vi.waitFor(async () => expect(await liveEpoch(runId)).toBeNull());
});

test("a point of a run that is live for its watchers alone gets an alarm that tells D1", async () => {
  const runId = await newRunWithObject();
  const { socket, heard } = await watch(runId);
  expect(await alarmOf(runId)).toBeNull();
  await mlflow("runs/log-metric", { run_id: runId, key: "a", value: 1, timestamp: 1 });
  await vi.waitFor(() => expect(heard).toHaveLength(1));
  expect(await alarmOf(runId)).not.toBeNull();
  socket.close();
});

test("sockets outlive the object's instance", async () => {
  const runId = await newRunWithObject();
  const { socket, heard } = await watch(runId);
  await evictDurableObject(object(runId));
  await mlflow("runs/log-metric", { run_id: runId, key: "a", value: 1, timestamp: 1 });
  await vi.waitFor(() => expect(heard).toHaveLength(1));
  await mlflow("runs/set-tag", { run_id: runId, key: "t", value: "1" });
  await vi.waitFor(() => expect(heard.at(-1)).toEqual({ type: "data" }));
  socket.close();
});

test("the sockets of a run that is deleted for good are closed, and no others", async () => {
  const [gone, other] = [await newRunWithObject(), await newRunWithObject()];
  const [ofGone, ofOther] = [await watch(gone), await watch(other)];
  const codes: number[] = [];
  for (const { socket } of [ofGone, ofOther]) socket.addEventListener("close", ({ code }) => codes.push(code));
  await mlflow("runs/delete", { run_id: gone });
  expect((await gc({ run_ids: [gone] })).failures).toEqual([]);
  await vi.waitFor(() => expect(codes).toEqual([1001]));
  await mlflow("runs/log-metric", { run_id: other, key: "a", value: 1, timestamp: 1 });
  await vi.waitFor(() => expect(ofOther.heard).toHaveLength(1));
  expect(codes).toEqual([1001]);
  ofOther.socket.close();
});

test("a socket is for those who may read the run, and for this server's own pages", async () => {
  const runId = await newUnmarkedRun();
  const path = `/ui-api/runs/${runId}/live`;
  const upgrade = { Upgrade: "websocket" };
  const foreign = fetchWorker(path, { headers: { ...upgrade, Origin: "https://evil.example" } });
  await expectMlflowError(foreign, "PERMISSION_DENIED");
  await expectMlflowError(fetchWorker(`http://rebound.example${path}`, { headers: upgrade }), "PERMISSION_DENIED");
  const withSecret = fetchWorker(path, { headers: upgrade }, { TRACKFLARE_ADMIN_PASSWORD: "a long secret" });
  await expectMlflowError(withSecret, "UNAUTHENTICATED");
  await expectMlflowError(fetchWorker(path), "BAD_REQUEST");
  const unknown = fetchWorker("/ui-api/runs/0123456789abcdef0123456789abcdef/live", { headers: upgrade });
  await expectMlflowError(unknown, "RESOURCE_DOES_NOT_EXIST");
  expect(await liveEpoch(runId)).toBeNull();
  const sockets = await runInDurableObject(object(runId), (_object, state) => state.getWebSockets(runId).length);
  expect(sockets).toBe(0);
});

test("a run without an object is not watched: a watcher makes no object, and none sends its points", async () => {
  const runId = await newUnmarkedRun();
  await mlflow("runs/log-metric", { run_id: runId, key: "a", value: 1, timestamp: 1 });
  const before = await listDurableObjectIds(env.RUNS);
  const refused = fetchWorker(`/ui-api/runs/${runId}/live`, { headers: { Upgrade: "websocket" } });
  expect(await expectMlflowError(refused, "BAD_REQUEST")).toContain("Poll POST /ui-api/live");
  expect(await listDurableObjectIds(env.RUNS)).toHaveLength(before.length);
  await mlflow("runs/log-metric", { run_id: runId, key: "a", value: 2, timestamp: 2, step: 1 });
  const { socket, heard } = await watch(runId);
  await mlflow("runs/log-metric", { run_id: runId, key: "a", value: 3, timestamp: 3, step: 2 });
  await vi.waitFor(() => expect(heard).toHaveLength(1));
  socket.close();
});

interface Changes {
  readonly cursor: string;
  readonly runs: readonly Message[];
}

test("polling tells what changed since the cursor, of as many runs as a page shows", async () => {
  // A run that has been quiet for two seconds is told once more.
  const clock = vi.spyOn(Date, "now").mockReturnValue(Date.now());
  const runIds = [await newRun(), await newRun(), await newRun()];
  const poll = async (cursor?: string): Promise<Changes> => {
    const body = JSON.stringify({ run_ids: [...runIds, "0123456789abcdef0123456789abcdef"], cursor });
    const headers = { "Content-Type": "application/json" };
    const response = await fetchWorker("/ui-api/live", { method: "POST", headers, body });
    expect(response.status).toBe(200);
    return (await response.json()) as Changes;
  };
  let { cursor, runs } = await poll();
  expect(runs.map(({ run_id }) => run_id)).toEqual(runIds);
  const next = async (): Promise<unknown[]> => {
    ({ cursor, runs } = await poll(cursor));
    return runs.map(({ run_id }) => runIds.indexOf(run_id as string));
  };
  expect(await next()).toEqual([]);
  await mlflow("runs/log-metric", { run_id: runIds[1], key: "a", value: 1, timestamp: 1, step: 5 });
  expect(await next()).toEqual([1]);
  // A late point changes no latest value, but it is a change of a live run.
  await mlflow("runs/log-metric", { run_id: runIds[1], key: "a", value: 1, timestamp: 1, step: 1 });
  expect(await next()).toEqual([1]);
  expect(await next()).toEqual([]);
  await mlflow("runs/set-tag", { run_id: runIds[0], key: "t", value: "yes" });
  expect(await next()).toEqual([0]);
  await mlflow("runs/set-tag", { run_id: runIds[0], key: "t", value: "nay" });
  await mlflow("runs/update", { run_id: runIds[2], status: "FAILED", end_time: 5 });
  expect(await next()).toEqual([0, 2]);
  expect(runs[1]).toMatchObject({ status: "FAILED", end_time: 5, lifecycle_stage: "active" });
  await mlflow("runs/delete", { run_id: runIds[2] });
  expect(await next()).toEqual([2]);
  clock.mockRestore();
});

test("a user's socket tells nothing after its time, the admin's goes on, and a new one is decided anew", async () => {
  const server = closedServer();
  const runId = await newRunWithObject();
  const username = await server.newUser();
  const open = async ({ webSocket, status }: Response) => {
    expect(status).toBe(101);
    const socket = webSocket!;
    socket.accept();
    const events: string[] = [];
    socket.addEventListener("message", () => void events.push("heard"));
    socket.addEventListener("close", ({ code }) => void events.push(`closed ${code}`));
    return events;
  };
  const users = await open(await server.as(username).watch(runId));
  const admins = await open(await server.admin.watch(runId));
  const log = (step: number) => mlflow("runs/log-metric", { run_id: runId, key: "a", value: step, timestamp: 1, step });
  await log(0);
  await vi.waitFor(() => expect([users, admins]).toEqual([["heard"], ["heard"]]));
  await runInDurableObject(object(runId), (_object, state) => {
    const ends = state.getWebSockets(runId).map((socket): number | null => socket.deserializeAttachment());
    const [end] = ends.filter((untilMs) => untilMs !== null);
    expect(ends).toHaveLength(2);
    expect(end! - Date.now()).toBeGreaterThan(0);
    expect(end! - Date.now()).toBeLessThanOrEqual(60_000);
    for (const socket of state.getWebSockets(runId)) {
      if (socket.deserializeAttachment() !== null) socket.serializeAttachment(Date.now());
    }
  });
  await server.admin.ask("DELETE", "/api/2.0/mlflow/users/delete", { username });
  await log(1);
  await vi.waitFor(() =>
    expect([users, admins]).toEqual([
      ["heard", "closed 1008"],
      ["heard", "heard"],
    ]),
  );
  expect((await server.as(username).watch(runId)).status).toBe(401);
});
