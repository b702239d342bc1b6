import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect } from "vitest";
import { runObject } from "../../src/stores/run/stub.ts";
import { type Message, mlflow, newRun } from "./mlflow.ts";

export const object = (runId: string) => runObject(env, runId);

/** A run whose object holds its history from the first point on. */
export async function newRunWithObject(message: Message = {}): Promise<string> {
  const runId = await newRun(message);
  await env.DB.prepare("UPDATE runs SET has_object = TRUE WHERE run_id = ?").bind(runId).run();
  return runId;
}

export const log = (run_id: string, key: string, value: number | string, step: number | string = 0, timestamp = 1) =>
  mlflow("runs/log-metric", { run_id, key, value, step, timestamp });

/** Ends the object's instance at once, as a crash would: what is stored stays. */
export async function abort(runId: string): Promise<void> {
  const aborted = runInDurableObject(object(runId), (_object, state) => state.abort("a crash"));
  await expect(aborted).rejects.toThrow("a crash");
}
