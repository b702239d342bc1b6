import { enableCompileCache } from "node:module";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";

// Before the imports that it is for: Miniflare alone is 4 MB of JavaScript.
enableCompileCache(join(import.meta.dirname, "../../dist/compile-cache"));

// The server's own process starts the runtime and hands files out: a heap laid out for speed would hold 100 MB more there.
if (process.argv[2] === "server") setFlagsFromString("--optimize-for-size");

const { runCommand } = await import("./command.ts");
await runCommand(process.argv);
