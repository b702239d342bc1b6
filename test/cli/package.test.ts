import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { ROOT } from "../../src/cli/source-build.ts";

const FOLDER = mkdtempSync(join(tmpdir(), "trackflare-package-"));
afterAll(() => rmSync(FOLDER, { recursive: true, force: true }));

/** Packages that only a clone needs, because only a clone bundles the Worker. */
const OF_CLONES = ["wrangler"];

const npm = (cwd: string, ...args: string[]): string => execFileSync("npm", args, { cwd, encoding: "utf8" });

test("packed and installed in an empty folder, the command serves API and UI", async () => {
  const packed = npm(ROOT, "pack", "--silent", "--pack-destination", FOLDER).trim().split("\n").at(-1)!;
  writeFileSync(join(FOLDER, "package.json"), "{}");
  npm(FOLDER, "install", "--silent", "--no-audit", "--no-fund", `./${packed}`);
  const installed = join(FOLDER, "node_modules/trackflare");
  expect(globSync("**/*.ts", { cwd: installed })).toEqual([]);
  expect(missingDependencies(installed)).toEqual([]);
  expect(missingPages(installed)).toEqual([]);

  // The file that `npx trackflare` runs.
  const bin = join(FOLDER, "node_modules/.bin/trackflare");
  const server = spawn(process.execPath, [bin, "server", "--port", "0", "--data-dir", "data"], { cwd: FOLDER });
  try {
    const url = await new Promise<string>((resolve, reject) => {
      let said = "";
      const listen = (chunk: Buffer) => {
        said += chunk;
        const found = /http:\/\/127\.0\.0\.1:\d+/.exec(said)?.[0];
        if (found !== undefined) resolve(found);
      };
      server.stdout.on("data", listen);
      server.stderr.on("data", listen);
      server.on("close", () => reject(new Error(`The server ended: ${said}`)));
    });
    expect(await (await fetch(`${url}/health`)).text()).toBe("OK");

    const page = await (await fetch(url)).text();
    const script = /src="\.(\/assets\/[^"]+\.js)"/.exec(page)?.[1];
    expect((await fetch(`${url}${script}`)).headers.get("Content-Type")).toContain("javascript");

    const created = await fetch(`${url}/api/2.0/mlflow/experiments/create`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: '{"name":"packed"}',
    });
    expect(await created.json()).toEqual({ experiment_id: "1" });
  } finally {
    server.kill("SIGTERM");
  }
  expect(await once(server, "close")).toEqual([0, null]);
});

/** The packages that the command imports, statically or dynamically, and that are not dependencies of the package. */
function missingDependencies(installed: string): string[] {
  const { dependencies } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
  const imported = globSync("lib/{cli,domain}/**/*.js", { cwd: installed }).flatMap((file) => {
    const imports = readFileSync(join(installed, file), "utf8").matchAll(
      /\b(?:from|import)\s*\(?\s*"([@\w][\w@/:.-]*)"/g,
    );
    return Array.from(imports, ([, name]) => name!.split("/", name!.startsWith("@") ? 2 : 1).join("/"));
  });
  expect(imported).toContain("commander");
  const isThere = (name: string) => name.startsWith("node:") || name in dependencies || OF_CLONES.includes(name);
  return [...new Set(imported)].filter((name) => !isThere(name));
}

/** The pages of docs/ that the command's messages name, and that are not in the package. */
function missingPages(installed: string): string[] {
  const named = globSync("lib/cli/**/*.js", { cwd: installed }).flatMap((file) =>
    Array.from(readFileSync(join(installed, file), "utf8").matchAll(/docs\/[\w-]+\.md/g), ([page]) => page),
  );
  expect(named).toContain("docs/flags.md");
  return [...new Set(named)].filter((page) => !existsSync(join(installed, page)));
}

test("the image is built from the clone, on the Node that the clone pins, and keeps its data in its volume", () => {
  const dockerfile = readFileSync(join(ROOT, "Dockerfile"), "utf8");
  const { devDependencies } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const images = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, image]) => image);
  expect(images.length).toBeGreaterThan(1);
  for (const image of images) expect(image).toMatch(new RegExp(`^node:${devDependencies.node}-`));
  const [, volume] = /^VOLUME (\S+)$/m.exec(dockerfile) ?? [];
  expect(/^ENTRYPOINT (.*)$/m.exec(dockerfile)?.[1]).toBe('["trackflare"]');
  expect(/^CMD (.*)$/m.exec(dockerfile)?.[1]).toBe(
    JSON.stringify(["server", "--host", "0.0.0.0", "--data-dir", volume]).replaceAll(",", ", "),
  );
});
