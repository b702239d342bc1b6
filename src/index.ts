import { createApp } from "./http/app.ts";

export { WriteQueue } from "./stores/d1/write-queue.ts";
export { RunDurableObject } from "./stores/run/durable-object.ts";

const app = createApp();

export default { fetch: app.fetch } satisfies ExportedHandler<Env>;
