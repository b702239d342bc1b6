import worker from "../../src/index.ts";
import { WriteQueue as Queue } from "../../src/stores/d1/connection/write-queue.ts";
import { RunDurableObject as RunObject } from "../../src/stores/run/durable-object.ts";

/* The product's Worker with delayed calls of D1 and of objects. The delays are those of the edge. */

interface Delays {
  /** The delay of a round trip to D1, in milliseconds. */
  readonly D1_MS: number;
  /** The delay of a call of an object, in milliseconds. */
  readonly OBJECT_MS: number;
}

type DelayedEnv = Env & Delays;

/** Wrapped envs, by their originals: the Worker's env, which is the same at each request, and the objects' envs. */
const wrapped = new WeakMap<object, Env>();

function delayedEnv(env: DelayedEnv): Env {
  const known = wrapped.get(env);
  if (known !== undefined) return known;
  const delayed = {
    ...env,
    DB: delayedDatabase(env.DB, env.D1_MS),
    RUNS: delayedNamespace(env.RUNS, env.OBJECT_MS),
    WRITES: delayedNamespace(env.WRITES, env.OBJECT_MS),
    GATE: delayedNamespace(env.GATE, env.OBJECT_MS),
  };
  wrapped.set(env, delayed);
  return delayed;
}

async function after<T>(ms: number, work: () => Promise<T>): Promise<T> {
  await scheduler.wait(ms);
  return await work();
}

const originals = new WeakMap<D1PreparedStatement, D1PreparedStatement>();

function delayedDatabase(db: D1Database, ms: number): D1Database {
  const delayed = (statement: D1PreparedStatement): D1PreparedStatement => {
    const own = {
      bind: (...values: unknown[]) => delayed(statement.bind(...values)),
      all: () => after(ms, () => statement.all()),
      run: () => after(ms, () => statement.run()),
      first: (column: string) => after(ms, () => (column === undefined ? statement.first() : statement.first(column))),
      raw: () => after(ms, () => statement.raw()),
    } as unknown as D1PreparedStatement;
    originals.set(own, statement);
    return own;
  };
  return {
    prepare: (sql: string) => delayed(db.prepare(sql)),
    batch: (statements: D1PreparedStatement[]) =>
      after(ms, () => db.batch(statements.map((statement) => originals.get(statement) ?? statement))),
    exec: (sql: string) => after(ms, () => db.exec(sql)),
    withSession: (asked: string) => {
      const session = db.withSession(asked);
      const delayedSession = delayedDatabase(session as unknown as D1Database, ms);
      return Object.assign(delayedSession, { getBookmark: () => session.getBookmark() });
    },
  } as unknown as D1Database;
}

function delayedNamespace<Namespace extends object>(namespace: Namespace, ms: number): Namespace {
  const delayed = (stub: object) =>
    new Proxy(stub, {
      get: (target, method) => {
        if (typeof method === "symbol" || method === "id" || method === "name")
          return Reflect.get(target, method, target);
        const methods = target as Record<string, (...args: unknown[]) => Promise<unknown>>;
        return (...args: unknown[]) => after(ms, () => methods[method]!(...args));
      },
    });
  return new Proxy(namespace, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== "function") return member;
      return name === "get" || name === "getByName"
        ? (...args: unknown[]) => delayed(member.apply(target, args))
        : member.bind(target);
    },
  });
}

export class RunDurableObject extends RunObject {
  constructor(state: DurableObjectState, env: DelayedEnv) {
    super(state, delayedEnv(env));
  }
}

export class WriteQueue extends Queue {
  constructor(state: DurableObjectState, env: DelayedEnv) {
    super(state, delayedEnv(env));
  }
}

export { AccessGate } from "../../src/stores/gate/access-gate.ts";

export default {
  fetch: (request, env, ctx) => worker.fetch(request, delayedEnv(env), ctx),
} satisfies ExportedHandler<DelayedEnv>;
