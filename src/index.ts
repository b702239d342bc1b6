import { migrate } from "./stores/d1/migrate.ts";

export { RunDurableObject } from "./stores/run/durable-object.ts";

export default {
  async fetch(_request, env) {
    await migrate(env.DB);
    return new Response("OK");
  },
} satisfies ExportedHandler<Env>;
