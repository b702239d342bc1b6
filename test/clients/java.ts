import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import process from "node:process";
import { type Client, environment, type Result, ROOT, runs, type Skip } from "./client.ts";

const POM = join(import.meta.dirname, "java/pom.xml");

/**
 * A version of `org.mlflow:mlflow-client`.
 * @param otherEra the folder of sources that this version cannot compile
 * @param pythonEra the Python client beside it, from `npm test`'s environments: it carries the Java client's artifacts
 */
export function javaClient(version: string, otherEra: string, pythonEra: string): Client {
  const python = join(ROOT, `.venv-${pythonEra}/bin`);

  /** Compiles the program against this version and runs it. A non-zero exit code counts as one more failure. */
  function test(url: string): Result {
    const properties = [`-Dmlflow.version=${version}`, `-Dother.era=${otherEra}`];
    const maven = spawnSync(
      "mvn",
      ["-q", "-B", "-Dstyle.color=never", "-f", POM, ...properties, "clean", "compile", "exec:java"],
      {
        env: { ...environment(url), PATH: [python, process.env.PATH].join(delimiter) },
        encoding: "utf8",
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    process.stdout.write(maven.stdout);
    const [, passed = 0, failed = 0] = /(\d+) passed, (\d+) failed/.exec(maven.stdout)?.map(Number) ?? [];
    return { passed, failed: maven.status === 0 && passed > 0 ? failed : failed + 1 };
  }

  function prepare(): Skip | undefined {
    if (!runs("javac", "-version")) return { reason: "no JDK on the PATH" };
    if (!runs("mvn", "-v")) return { reason: "no Maven on the PATH" };
    if (!existsSync(python)) return { reason: `no .venv-${pythonEra}, which \`npm test\` makes` };
    return undefined;
  }

  return {
    name: `java-${version}`,
    what: "experiments, runs, metrics, artifacts, search and the registry",
    versions: () => `org.mlflow:mlflow-client ${version}`,
    prepare,
    test,
  };
}
