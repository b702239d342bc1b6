import { env } from "cloudflare:workers";
import { expect } from "vitest";
import { fetchWorker, type Message } from "./mlflow.ts";

export interface Usage {
  readonly files: number;
  readonly bytes: number;
}

export interface PurgedAnswer {
  readonly runs: readonly { readonly run_id: string; readonly run_name: string; readonly experiment_id: string }[];
  readonly experiments: readonly { readonly experiment_id: string; readonly run_count: number }[];
  readonly logged_models: readonly { readonly model_id: string }[];
  readonly missing: Readonly<Record<"runs" | "experiments" | "logged_models", readonly string[]>>;
  readonly kept: readonly (Message & { readonly reason: string })[];
  readonly freed: Usage;
  readonly artifacts_left: readonly string[];
  readonly unfinished: Readonly<Record<"runs" | "experiments" | "logged_models", number>>;
  readonly failures: readonly { readonly kind: string; readonly id: string; readonly message: string }[];
  readonly next_page_token?: string;
}

type Measured<T> = readonly (T &
  Usage & { readonly points: number; readonly artifacts_left?: string; readonly registered_versions?: number })[];

export interface MeasuredAnswer {
  readonly runs: Measured<PurgedAnswer["runs"][number]>;
  readonly experiments: Measured<PurgedAnswer["experiments"][number]>;
  readonly logged_models: Measured<PurgedAnswer["logged_models"][number]>;
  readonly kept: PurgedAnswer["kept"];
  readonly next_page_token?: string;
}

export const NOTHING_UNFINISHED = { runs: 0, experiments: 0, logged_models: 0 };

/** @param settings replace settings of the test's Worker */
export const sendGc = (message: Message, settings?: Partial<Env>): Promise<Response> =>
  fetchWorker(
    "/api/2.0/trackflare/gc",
    { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(message) },
    settings,
  );

async function ask<T>(message: Message): Promise<T> {
  const response = await sendGc(message);
  const text = await response.text();
  expect(response.status, text).toBe(200);
  return JSON.parse(text) as T;
}

export const gc = (message: Message) => ask<PurgedAnswer>(message);
export const measure = (message: Message) => ask<MeasuredAnswer>({ ...message, dry_run: true });

/** Stores a file of a run or a model, by its object key. */
export async function putFile(objectKey: string, text: string): Promise<void> {
  const target = `/api/2.0/mlflow-artifacts/artifacts/${objectKey}`;
  expect((await fetchWorker(target, { method: "PUT", body: text })).status).toBe(200);
}

/** The bucket's keys below a prefix. */
export async function keysBelow(prefix: string): Promise<string[]> {
  return (await env.ARTIFACTS.list({ prefix })).objects.map(({ key }) => key);
}

/** Every row of D1 that contains one of the texts, as `table: row`. */
export async function rowsWith(...texts: readonly string[]): Promise<string[]> {
  const { results: tables } = await env.DB.prepare(
    // The audit log keeps its entries about deleted things.
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '_cf_%' AND name <> 'audit_log'",
  ).all<{ name: string }>();
  const all = await env.DB.batch(tables.map(({ name }) => env.DB.prepare(`SELECT * FROM "${name}"`)));
  return all
    .flatMap(({ results }, i) => results.map((row) => `${tables[i]?.name}: ${JSON.stringify(row)}`))
    .filter((row) => texts.some((text) => row.includes(text)));
}

/** Ends all claims of callers that died, so that other callers may continue their work. */
export const expireClaims = () => env.DB.prepare("UPDATE purges SET claimed_until = 0").run();
