import { brotliCompressSync } from "node:zlib";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";
import { filesWith, firstFiles } from "./first-files.ts";

/** A running Trackflare that the development server hands API requests to. */
const SERVER = process.env.TRACKFLARE_URL ?? "http://127.0.0.1:5000";

const API_PREFIXES = ["/api", "/ajax-api", "/ui-api", "/get-artifact", "/model-versions", "/health", "/version"];

/** Prints each file's size in KB as the edge sends it, and the sum of what the page loads before its first screen. */
function brotliSizes(): Plugin {
  return {
    name: "brotli-sizes",
    apply: "build",
    writeBundle(_options, bundle) {
      const sizeOf = (file: string): number => {
        const output = bundle[file];
        if (output === undefined) return 0;
        return brotliCompressSync(output.type === "chunk" ? output.code : output.source).length / 1000;
      };
      for (const file of Object.keys(bundle)) console.log(`${sizeOf(file).toFixed(1).padStart(7)} KB br  ${file}`);
      const initial = filesWith(bundle, (chunk) => chunk.isEntry);
      const total = [...initial].reduce((sum, file) => sum + sizeOf(file), 0);
      console.log(`${total.toFixed(1).padStart(7)} KB br  JS of every page, before its screen`);
    },
  };
}

/** What most screens use beside the shell: with these, a screen is a handful of files. The first screen needs no controls. */
const PARTS =
  /node_modules\/(@tanstack|lucide-react)\/|ui\/src\/(api|parts\/(?!dialog|menu|popover|select\.|tabs|toggles|description|tag-editor|markdown|tree|split-pane))/;
const CONTROLS =
  /node_modules\/@(base-ui|floating-ui)\/|ui\/src\/parts\/(dialog|menu|popover|select|tabs|toggles|description|tag-editor)\.tsx/;

export default defineConfig({
  // Relative, so that the page stands below any path: a proxy's, or that of --static-prefix.
  base: "./",
  plugins: [react(), tailwindcss(), firstFiles(), brotliSizes()],
  build: {
    outDir: "dist",
    // `wrangler dev` may be serving from the folder. Files of older builds go when src/cli/build-ui.ts publishes.
    emptyOutDir: false,
    reportCompressedSize: false,
    // The policy of the page allows no inline script, style or font.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: "shell", tags: ["$initial"], priority: 3 },
            { name: "parts", test: PARTS, minShareCount: 2, priority: 2 },
            { name: "controls", test: CONTROLS, minShareCount: 2, priority: 1 },
          ],
        },
      },
      // It starts WebAssembly, which the policy of the page forbids; nothing of it is used.
      treeshake: { moduleSideEffects: [{ test: /hyparquet-compressors\/src\/compressors\.js$/, sideEffects: false }] },
    },
  },
  server: {
    proxy: Object.fromEntries(API_PREFIXES.map((prefix) => [prefix, { target: SERVER, ws: true }])),
  },
  preview: {
    proxy: Object.fromEntries(API_PREFIXES.map((prefix) => [prefix, { target: SERVER, ws: true }])),
  },
});
