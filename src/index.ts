import { createApp } from "./http/app.ts";

export { RunDurableObject } from "./stores/run/durable-object.ts";

const app = createApp();

const handler = { fetch: app.fetch } satisfies ExportedHandler<Env>;

export default handler;

/** The same by a name: Miniflare puts its router of assets, two Workers more, before a default export alone. */
export { handler as local };
