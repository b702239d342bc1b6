import type { Plugin, Rollup } from "vite";

/** Which code an address needs, by what its hash looks like, in paths of `ui/src`. */
const FIRST_CODE: readonly (readonly [RegExp, string])[] = [
  [/^(#\/?|#\/experiments(\?.*)?)?$/, "screens/experiments/experiments-screen.tsx"],
  [/^#\/experiments\/[^/?]+(\?|$)/, "screens/runs/runs-screen.tsx"],
  [/^#\/experiments\/[^/?]+\?(.*&)?charts=true/, "charts/charts-panel.tsx"],
  [/^#\/experiments\/[^/?]+\/runs\/[^/?]+(\?|$)/, "screens/run/run-screen.tsx"],
  [/^#\/experiments\/[^/?]+\/runs\/[^/?]+\?(.*&)?tab=charts/, "charts/run-charts.tsx"],
  [/^#\/experiments\/[^/?]+\/runs\/[^/?]+\?(.*&)?tab=artifacts/, "screens/run/run-artifacts.tsx"],
  [/^#\/compare\?/, "screens/compare/compare-screen.tsx"],
  [/^#\/compare\?(?!.*\bview=)/, "screens/compare/curves-view.tsx"],
  [/^#\/home/, "screens/home/home-screen.tsx"],
];

/** What a run's page shows, by the id in its hash: the answer then waits for the page. */
const RUN = /^#\/experiments\/[^/?]+\/runs\/([\w-]+)(\?|$)/;
const GET_RUN = "ajax-api/2.0/mlflow/runs/get?run_id=";

const ASK =
  'const a=o=>document.head.append(Object.assign(document.createElement("link"),{crossOrigin:"anonymous",...o}))';

/** The files of an entry or a part, and of what they import. */
export function filesWith(bundle: Rollup.OutputBundle, isRoot: (chunk: Rollup.OutputChunk) => boolean): Set<string> {
  const files = new Set<string>();
  const add = (file: string): void => {
    const output = bundle[file];
    if (output?.type !== "chunk" || files.has(file)) return;
    files.add(file);
    output.imports.forEach(add);
  };
  for (const output of Object.values(bundle)) if (output.type === "chunk" && isRoot(output)) add(output.fileName);
  return files;
}

/**
 * Has the page ask for the files of the screen that its address names, and for a run, while the shell's files are still
 * being read, by a small script: the server knows no hash, and the page's policy forbids scripts within the page.
 */
export function firstFiles(): Plugin {
  return {
    name: "first-files",
    apply: "build",
    enforce: "post",
    generateBundle(_options, bundle) {
      const initial = filesWith(bundle, (chunk) => chunk.isEntry);
      const entries = FIRST_CODE.map(([pattern, path]) => {
        const files = filesWith(bundle, (chunk) => chunk.moduleIds.some((id) => id.endsWith(`/ui/src/${path}`)));
        if (files.size === 0) throw new Error(`No code is in ${path}.`);
        return `[${pattern},${JSON.stringify([...files].filter((file) => !initial.has(file)))}]`;
      });
      const file = this.emitFile({
        type: "asset",
        name: "first-files.js",
        source: [
          `{${ASK}`,
          `for(const[p,f]of[${entries.join()}])if(p.test(location.hash))for(const u of f)a({rel:"modulepreload",href:u})`,
          `const r=${RUN}.exec(location.hash);if(r)a({rel:"preload",as:"fetch",href:"${GET_RUN}"+r[1]})}`,
          "",
        ].join("\n"),
      });
      const page = bundle["index.html"];
      if (page?.type !== "asset") throw new Error("There is no page to ask for files.");
      const script = `<script src="./${this.getFileName(file)}"></script>`;
      page.source = String(page.source).replace('<script type="module"', `${script}\n    $&`);
    },
  };
}
