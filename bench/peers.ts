import { execFile } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

export type PeerName = keyof typeof PEERS;

/** Each peer has its own virtual environment, because FastTrackML's package needs an older MLflow. */
const PEERS = {
  // boto3, for its artifacts in S3; Flask-WTF, for its users.
  mlflow: {
    requirement: "mlflow==3.17.2 boto3==1.44.8 Flask-WTF==1.2.2",
    executable: "mlflow",
    variable: "TRACKFLARE_BENCH_MLFLOW",
  },
  fasttrackml: { requirement: "fasttrackml==0.6.0", executable: "fml", variable: "TRACKFLARE_BENCH_FASTTRACKML" },
} as const;

const ENVIRONMENTS = `${dirname(import.meta.dirname)}/.venv-bench/`;

/**
 * The path of a peer's command: the path in its environment variable, or a path in `.venv-bench/`. The first use makes this
 * folder and fills it with pip (it needs `python3` with `venv`).
 */
export async function peerExecutable(name: PeerName): Promise<string> {
  const { requirement, executable, variable } = PEERS[name];
  const given = process.env[variable];
  if (given) {
    if (!existsSync(given)) throw new Error(`${variable} names a file that is not there: ${given}`);
    return given;
  }
  const environment = `${ENVIRONMENTS}${requirement.replaceAll(" ", "+")}`;
  const path = `${environment}/bin/${executable}`;
  // Written last, so that an interrupted installation is repeated.
  const installed = `${environment}/installed`;
  if (!existsSync(installed)) {
    console.log(`installing ${requirement} into .venv-bench/ …`);
    mkdirSync(ENVIRONMENTS, { recursive: true });
    await run("python3", ["-m", "venv", "--clear", environment]);
    await run(`${environment}/bin/pip`, ["install", "--quiet", ...requirement.split(" ")], { maxBuffer: 2 ** 26 });
    writeFileSync(installed, "");
  }
  return path;
}
