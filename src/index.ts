import { createApp } from "./http/app.ts";
import { ROUTES } from "./routes/table.ts";

export { WriteQueue } from "./stores/d1/connection/write-queue.ts";
export { AccessGate } from "./stores/gate/access-gate.ts";
export { RunDurableObject } from "./stores/run/durable-object.ts";

const app = createApp(ROUTES);

export default {
  fetch: app.fetch,
  scheduled: (_controller, env, execution) => app.scheduled(env, execution),
} satisfies ExportedHandler<Env>;
