import { enableCompileCache } from "node:module";
import { join } from "node:path";

// Before the imports that it is for: Miniflare alone is 4 MB of JavaScript.
enableCompileCache(join(import.meta.dirname, "../../dist/compile-cache"));

const { runCommand } = await import("./command.ts");
await runCommand(process.argv);
