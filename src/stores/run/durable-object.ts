import { DurableObject } from "cloudflare:workers";

export class RunDurableObject extends DurableObject<Env> {}
