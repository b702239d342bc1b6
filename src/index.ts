import { createApp } from "./http/app.ts";

export { RunDurableObject } from "./stores/run/durable-object.ts";

const app = createApp();

export default { fetch: app.fetch } satisfies ExportedHandler<Env>;
