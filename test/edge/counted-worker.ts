import worker from "../../src/index.ts";
import { WriteQueue as Queue } from "../../src/stores/d1/connection/write-queue.ts";
import { RunDurableObject as RunObject } from "../../src/stores/run/durable-object.ts";
import { countedEnv, countStorage } from "./counted-env.ts";

/* The product's Worker with a count of all calls of D1 and of objects: see Ledger. */

export class RunDurableObject extends RunObject {
  constructor(state: DurableObjectState, env: Env) {
    super(countStorage(state), countedEnv(env, true));
  }
}

export class WriteQueue extends Queue {
  constructor(state: DurableObjectState, env: Env) {
    super(state, countedEnv(env, true));
  }
}

export { AccessGate } from "../../src/stores/gate/access-gate.ts";

export default worker;
