import { DurableObject } from "cloudflare:workers";

/*
 * The ceiling: the most requests that a Worker on this machine can handle if each request makes exactly one call to a Durable
 * Object or to D1. It has no validation, no authorization and no rules.
 */

interface CeilingEnv {
  readonly DB: D1Database;
  readonly ROWS: DurableObjectNamespace<Rows>;
}

interface CreateRun {
  readonly experiment_id: string;
  readonly run_name: string;
  readonly start_time: number;
  readonly tags: readonly { readonly key: string; readonly value: string }[];
}

/** An object that stores one row per call. */
export class Rows extends DurableObject<CeilingEnv> {
  constructor(state: DurableObjectState, env: CeilingEnv) {
    super(state, env);
    state.storage.sql.exec("CREATE TABLE IF NOT EXISTS t (body TEXT NOT NULL)");
  }

  insert(body: string): void {
    this.ctx.storage.sql.exec("INSERT INTO t (body) VALUES (?)", body);
  }

  count(): number {
    return this.ctx.storage.sql.exec<{ count: number }>("SELECT COUNT(*) AS count FROM t").one().count;
  }
}

export default {
  async fetch(request, env): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === "/health") return new Response("OK");
    const object = /^\/rows\/([\w-]+)$/.exec(pathname)?.[1];
    if (object !== undefined) {
      const rows = env.ROWS.getByName(object);
      if (request.method === "GET") return Response.json({ count: await rows.count() });
      await rows.insert(await request.text());
      return Response.json({});
    }
    if (pathname === "/runs" && request.method === "GET") {
      const sql = "SELECT (SELECT COUNT(*) FROM runs) AS runs, (SELECT COUNT(*) FROM tags) AS tags";
      return Response.json(await env.DB.prepare(sql).first());
    }
    if (pathname === "/runs") return createRun(env.DB, await request.json<CreateRun>());
    return new Response("Not found", { status: 404 });
  },
} satisfies ExportedHandler<CeilingEnv>;

/** The same statement as in Trackflare's create-run, with the same tables and indices. */
async function createRun(db: D1Database, run: CreateRun): Promise<Response> {
  const runId = crypto.randomUUID().replaceAll("-", "");
  const tags = [...run.tags, { key: "mlflow.runName", value: run.run_name }];
  const created = await db
    .prepare(
      `INSERT INTO new_runs (run_id, experiment_id, run_name, user_id, start_time, artifact_uri, tags)
       SELECT ?1, experiment_id, ?3, '', ?4, artifact_location || '/' || ?1 || '/artifacts', ?5
       FROM experiments WHERE experiment_id = ?2 AND lifecycle_stage = 'active'
       RETURNING artifact_uri`,
    )
    .bind(
      runId,
      Number(run.experiment_id),
      run.run_name,
      run.start_time,
      JSON.stringify(tags.map(({ key, value }) => [key, value])),
    )
    .first<{ artifact_uri: string }>();
  return Response.json({ run: { info: { run_id: runId, artifact_uri: created?.artifact_uri }, data: { tags } } });
}
