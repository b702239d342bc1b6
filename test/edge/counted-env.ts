import { ledger, type Trip } from "./ledger.ts";

/** `env` with counted calls of D1 and of objects. @param isInsideObject whether the env belongs to an object */
export function countedEnv(env: Env, isInsideObject: boolean): Env {
  return {
    ...env,
    DB: countedDatabase(env.DB, isInsideObject),
    RUNS: countedNamespace(env.RUNS, "runs", isInsideObject),
    WRITES: countedNamespace(env.WRITES, "writes", isInsideObject),
    GATE: countedNamespace(env.GATE, "gate", isInsideObject),
    ARTIFACTS: countedBucket(env.ARTIFACTS),
  };
}

/** Counts reads of the bucket, which are no round trips of {@link ledger}: what each was, and the bytes that it answers. */
function countedBucket(bucket: R2Bucket): R2Bucket {
  return new Proxy(bucket, {
    get: (target, name) => {
      const member = boundMember(target, name);
      if (name !== "get" && name !== "head") return member;
      return async (...args: unknown[]) => {
        const object = await (member as (...args: unknown[]) => Promise<R2Object | R2ObjectBody | null>)(...args);
        const bytes = object !== null && "body" in object ? lengthOf(object.range, object.size) : 0;
        ledger.bucketReads.push({ what: name, bytes });
        return object;
      };
    },
  });
}

function lengthOf(range: R2Range | undefined, size: number): number {
  if (range === undefined) return size;
  const { offset = 0, length = size - offset, suffix } = range as { offset?: number; length?: number; suffix?: number };
  return suffix ?? length;
}

/** The original statement of each counted statement. */
const originals = new WeakMap<D1PreparedStatement, { statement: D1PreparedStatement; sql: string }>();

function note(trip: Trip, ...metas: readonly D1Meta[]): void {
  for (const { rows_read, rows_written } of metas) {
    trip.rowsRead += rows_read;
    trip.rowsWritten += rows_written;
  }
}

/** @param session see {@link Trip} */
export function countedDatabase(db: D1Database, isInsideObject: boolean, session?: string): D1Database {
  const call = <T>(sql: string, work: (trip: Trip) => Promise<T>) =>
    ledger.call("d1", sql, isInsideObject, work, session);
  const counted = (statement: D1PreparedStatement, sql: string): D1PreparedStatement => {
    const all = () =>
      call(sql, async (trip) => {
        const result = await statement.all();
        note(trip, result.meta);
        return result;
      });
    const own = {
      bind: (...values: unknown[]) => counted(statement.bind(...values), sql),
      all,
      run: all,
      first: async (column?: string) => {
        const [row] = (await all()).results as Record<string, unknown>[];
        return row === undefined ? null : column === undefined ? row : row[column];
      },
      // `raw()` answers no counts, so the statement runs a second time to get the counts.
      raw: () =>
        call(sql, async (trip) => {
          note(trip, (await statement.all()).meta);
          return await statement.raw();
        }),
    } as unknown as D1PreparedStatement;
    originals.set(own, { statement, sql });
    return own;
  };
  return {
    prepare: (sql: string) => counted(db.prepare(sql), sql),
    batch: (statements: D1PreparedStatement[]) => {
      const known = statements.map((statement) => originals.get(statement)!);
      return call(known.map(({ sql }) => sql).join(";\n"), async (trip) => {
        const results = await db.batch(known.map(({ statement }) => statement));
        note(trip, ...results.map(({ meta }) => meta));
        return results;
      });
    },
    exec: (sql: string) => call(sql, () => db.exec(sql)),
    withSession: (asked: string) => {
      const session = db.withSession(asked);
      const counted = countedDatabase(session as unknown as D1Database, isInsideObject, asked);
      return Object.assign(counted, { getBookmark: () => session.getBookmark() });
    },
  } as unknown as D1Database;
}

function countedNamespace<Namespace extends Env["RUNS"] | Env["WRITES"] | Env["GATE"]>(
  namespace: Namespace,
  to: "runs" | "writes" | "gate",
  isInsideObject: boolean,
): Namespace {
  const counted = (stub: object) =>
    new Proxy(stub, {
      get: (target, method) => {
        if (typeof method === "symbol" || method === "id" || method === "name")
          return Reflect.get(target, method, target);
        const methods = target as Record<string, (...args: unknown[]) => Promise<unknown>>;
        // Called on the stub itself, because every property of a stub may be a method of the object.
        return (...args: unknown[]) => ledger.call(to, method, isInsideObject, () => methods[method]!(...args));
      },
    });
  return new Proxy(namespace, {
    get: (target, method) => {
      const member = (target as unknown as Record<string | symbol, unknown>)[method];
      if (method !== "get" && method !== "getByName") {
        return typeof member === "function" ? member.bind(target) : member;
      }
      return (...args: unknown[]) => {
        const hint = (args[1] as DurableObjectNamespaceGetDurableObjectOptions | undefined)?.locationHint;
        if (hint !== undefined) ledger.hints.push(`${to} ${hint}`);
        return counted((member as (...args: unknown[]) => object).apply(target, args));
      };
    },
  });
}

/** Counts the rows and alarms of an object's storage from now on. */
export function countStorage(state: DurableObjectState): DurableObjectState {
  const { storage } = state;
  const sql = new Proxy(storage.sql, {
    get: (target, name) => {
      if (name !== "exec") return boundMember(target, name);
      return (text: string, ...values: unknown[]) => {
        const cursor = target.exec(text, ...values);
        ledger.addCursor(cursor);
        return cursor;
      };
    },
  });
  const counted = new Proxy(storage, {
    get: (target, name) => {
      if (name === "sql") return sql;
      if (name === "setAlarm") ledger.alarmsSet++;
      return boundMember(target, name);
    },
  });
  Object.defineProperty(state, "storage", { value: counted });
  return state;
}

function boundMember(target: object, name: string | symbol): unknown {
  const member = Reflect.get(target, name, target);
  return typeof member === "function" ? member.bind(target) : member;
}
