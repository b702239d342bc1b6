import { env } from "cloudflare:workers";

/** Counts the calls of D1, of objects and of the bucket. The call of this number and all later ones fail, as if the Worker had ended. */
export function dyingAfter(calls: number): { readonly env: Partial<Env>; readonly isDead: () => boolean } {
  let left = calls;
  // R2's own errors have such numbers.
  const call = <T>(work: () => T): T => {
    if (--left < 0) throw new Error("the Worker has ended (10001)");
    return work();
  };
  const counting = <T extends object>(target: T, counted: readonly string[]): T =>
    new Proxy(target, {
      get: (of, name) => {
        const value = Reflect.get(of, name);
        if (typeof value !== "function") return value;
        const method = (...args: unknown[]) => Reflect.apply(value, of, args);
        if (name === "prepare") return (...args: unknown[]) => statement(method(...args) as object);
        if (name === "batch") return (list: object[]) => call(() => method(list.map((one) => PLAIN.get(one) ?? one)));
        if (name === "get" && counted.includes("idFromName")) {
          return (...args: unknown[]) =>
            counting(method(...args) as object, ["purge", "purgeRuns", "append", "appendInCell", "read", "flush"]);
        }
        return counted.includes(String(name)) && name !== "idFromName"
          ? async (...args: unknown[]) => call(() => method(...args))
          : method;
      },
    });
  /** The original statements, because D1 takes only its own statements. */
  const PLAIN = new WeakMap<object, object>();
  const statement = (plain: object): object => {
    const proxy = new Proxy(plain, {
      get: (of, name) => {
        const value = Reflect.get(of, name);
        if (typeof value !== "function") return value;
        const method = (...args: unknown[]) => Reflect.apply(value, of, args);
        if (name === "bind") return (...args: unknown[]) => statement(method(...args) as object);
        return ["all", "first", "run", "raw"].includes(String(name))
          ? (...args: unknown[]) => call(() => method(...args))
          : method;
      },
    });
    PLAIN.set(proxy, plain);
    return proxy;
  };
  return {
    env: {
      DB: counting(env.DB, []),
      RUNS: counting(env.RUNS, ["idFromName"]),
      ARTIFACTS: counting(env.ARTIFACTS, ["head", "list", "delete", "get", "put"]),
    },
    isDead: () => left < 0,
  };
}
