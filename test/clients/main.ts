// The clients that are too heavy for every run of the tests, each against a Trackflare of its own. The last line sums
// them up. Needs a JDK from 11, Maven, the network once, and the Python environments that `npm test` makes: the Java
// client has Python carry its artifacts.

import { spawnSync } from "node:child_process";
import { delimiter, join } from "node:path";
import process from "node:process";
import { startServer } from "../server.ts";

const ROOT = join(import.meta.dirname, "../..");
const POM = join(import.meta.dirname, "java/pom.xml");

/** Versions of `org.mlflow:mlflow-client`, the folder of sources that each cannot compile, and the Python beside it. */
const JAVA_CLIENTS = [
  { version: "1.22.0", otherEra: "v2", python: ".venv-1.30.1/bin" },
  { version: "2.17.2", otherEra: "v1", python: ".venv-2.8.1/bin" },
] as const;

interface Result {
  readonly passed: number;
  readonly failed: number;
}

/** Compiles the program against that version and runs it; a program that ends badly is a failure of its own. */
async function testJava({ version, otherEra, python }: (typeof JAVA_CLIENTS)[number]): Promise<Result> {
  const server = await startServer();
  try {
    console.log(`# Java client ${version}`);
    const properties = [`-Dmlflow.version=${version}`, `-Dother.era=${otherEra}`];
    const maven = spawnSync(
      "mvn",
      ["-q", "-B", "-Dstyle.color=never", "-f", POM, ...properties, "clean", "compile", "exec:java"],
      {
        env: {
          ...process.env,
          PATH: [join(ROOT, python), process.env.PATH].join(delimiter),
          MLFLOW_TRACKING_URI: server.url,
        },
        encoding: "utf8",
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    const output = maven.stdout ?? `mvn did not start: ${maven.error?.message}\n`;
    process.stdout.write(output);
    const [, passed = 0, failed = 0] = /(\d+) passed, (\d+) failed/.exec(output)?.map(Number) ?? [];
    return { passed, failed: maven.status === 0 && passed > 0 ? failed : failed + 1 };
  } finally {
    await server.stop();
  }
}

let [passed, failed] = [0, 0];
for (const client of JAVA_CLIENTS) {
  const result = await testJava(client);
  passed += result.passed;
  failed += result.failed;
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
