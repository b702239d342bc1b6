import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { Command } from "commander";
import { machineFacts } from "../machine.ts";
import { peerExecutable } from "../peers.ts";
import { treeAnonymousBytes, treePssBytes } from "../process-tree.ts";
import { Bucket } from "./bucket.ts";
import { startInstantPuts } from "./instant-puts.ts";
import * as transfers from "./transfers.ts";

/*
 * Measures files through the artifact proxy, by parts and in one piece: Trackflare beside MLflow in one run, each with its
 * peak of memory, and a bare client that writes to the same bucket.
 */

const STORES = ["folder", "r2", "s3"] as const;
type Store = (typeof STORES)[number];
const SERVERS = ["trackflare", "mlflow", "bare"] as const;
type ServerName = (typeof SERVERS)[number];

const CACHE = `${dirname(import.meta.dirname)}/.cache`;
const ROOT = dirname(dirname(import.meta.dirname));
const SMALL_FILES = 1000;
const START_TIMEOUT_MS = 120_000;
const SAMPLE_MS = 200;

const options = new Command("bench:artifacts")
  .description("Measures transfers of files through Trackflare, MLflow, and without a server.")
  .option("--sizes <bytes>", "sizes of the file, with commas between them", "100e6,1e9,5e9")
  .option("--stores <names>", STORES.join(", "), STORES.join())
  .option("--port <n>", "the first of three ports", "6600")
  .parse()
  .opts<{ sizes: string; stores: string; port: string }>();

const port = Number(options.port);
const sizes = options.sizes.split(",").map(Number);
const stores = STORES.filter((store) => options.stores.split(",").includes(store));

interface Figure {
  readonly value: number;
  /** The growth of the server's memory at its peak, in MB. */
  readonly growthMb: number | undefined;
  /** The growth of the memory that no file backs, in MB. */
  readonly anonymousMb?: number;
}

/** Figures by row and server. */
const results = new Map<string, Map<ServerName, Figure>>();

interface Target {
  readonly base: string;
  readonly folder: string;
  readonly pid: number;
}

class Server {
  readonly #child: ChildProcess;
  readonly base = `http://127.0.0.1:${port}`;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async start(name: ServerName, store: Store, folder: string, bucket: Bucket | undefined): Promise<Server> {
    const variables = bucket?.variables(name) ?? {};
    const { file, args } = await commandOf(name, store, folder, variables);
    const log = openSync(`${folder}/server.log`, "w");
    const child = spawn(file, args, {
      cwd: folder,
      detached: true,
      stdio: ["ignore", log, log],
      env: { ...process.env, DO_NOT_TRACK: "true", MLFLOW_DISABLE_TELEMETRY: "true", ...variables },
    });
    closeSync(log);
    const server = new Server(child);
    for (const end = Date.now() + START_TIMEOUT_MS; Date.now() < end && child.exitCode === null; await sleep(100)) {
      if (
        await fetch(`${server.base}/api/2.0/mlflow/experiments/get?experiment_id=0`).then(
          ({ ok }) => ok,
          () => false,
        )
      )
        return server;
    }
    await server.stop();
    throw new Error(`${name} did not start: ${readFileSync(`${folder}/server.log`, "utf8").slice(-2000)}`);
  }

  async newRun(): Promise<Target> {
    const created = await transfers.postJson(`${this.base}/api/2.0/mlflow/runs/create`, { experiment_id: "0" });
    const uri: string = JSON.parse(created).run.info.artifact_uri;
    return { base: this.base, folder: uri.replace(/^mlflow-artifacts:(\/\/[^/]*)?\//, ""), pid: this.#child.pid ?? 0 };
  }

  async stop(): Promise<void> {
    const ended = once(this.#child, "close");
    if (this.#child.pid !== undefined && this.#child.exitCode === null) process.kill(-this.#child.pid, "SIGTERM");
    await Promise.race([ended, sleep(20_000)]);
    if (this.#child.pid !== undefined && this.#child.exitCode === null) process.kill(-this.#child.pid, "SIGKILL");
  }
}

async function commandOf(name: ServerName, store: Store, folder: string, variables: Record<string, string>) {
  if (name === "mlflow") {
    const destination = variables.MLFLOW_ARTIFACTS_DESTINATION ?? `${folder}/artifacts`;
    const args = ["server", "--host", "127.0.0.1", "--port", String(port), "--artifacts-destination", destination];
    return { file: await peerExecutable("mlflow"), args: [...args, "--backend-store-uri", `sqlite:///${folder}/db`] };
  }
  const args =
    store === "r2"
      ? [`${import.meta.dirname}/r2-server.ts`, String(port), folder]
      : [`${ROOT}/src/cli/main.ts`, "server", "--port", String(port), "--data-dir", folder];
  return { file: process.execPath, args };
}

/** Measures one transfer, in MB/s, with the growth of the server's memory. */
async function measure(
  row: string,
  name: ServerName,
  bytes: number,
  pid: number | undefined,
  work: () => Promise<void>,
) {
  const look = (): [pss: number, anonymous: number] =>
    pid === undefined ? [0, 0] : [treePssBytes(pid) ?? 0, treeAnonymousBytes(pid) ?? 0];
  const [before, anonymousBefore] = look();
  let [peak, anonymousPeak] = [before, anonymousBefore];
  const sampling = setInterval(() => {
    const [now, anonymous] = look();
    peak = Math.max(peak, now);
    anonymousPeak = Math.max(anonymousPeak, anonymous);
  }, SAMPLE_MS);
  const start = performance.now();
  try {
    await work();
    note(row, name, {
      value: bytes / 1000 / (performance.now() - start),
      growthMb: pid === undefined ? undefined : (peak - before) / 1e6,
      anonymousMb: (anonymousPeak - anonymousBefore) / 1e6,
    });
  } catch (error) {
    console.log(`${row}, ${name}: ${String(error).slice(0, 300)}`);
  } finally {
    clearInterval(sampling);
  }
}

function note(row: string, name: ServerName, figure: Figure): void {
  console.log(`${row}, ${name}: ${figure.value.toFixed(1)}${growthOf(figure)}`);
  results.set(row, (results.get(row) ?? new Map()).set(name, figure));
}

const growthOf = ({ growthMb, anonymousMb = 0 }: Figure) =>
  growthMb === undefined ? "" : ` (+${growthMb.toFixed(0)} MB, anonymous +${anonymousMb.toFixed(0)})`;

const sizeText = (bytes: number) => (bytes >= 1e9 ? `${bytes / 1e9} GB` : `${bytes / 1e6} MB`);

async function measureServer(name: "trackflare" | "mlflow", store: Store, server: Server): Promise<void> {
  const { base, folder, pid } = await server.newRun();
  const urlOf = (path: string) => `${base}/api/2.0/mlflow-artifacts/artifacts/${folder}/${path}`;
  await transfers.putWhole(urlOf("warm"), 1_000_000);
  await transfers.getWhole(urlOf("warm"), 1_000_000);
  const start = performance.now();
  await transfers.putSmallFiles((i) => urlOf(`small/${i}`), SMALL_FILES);
  note(`${store}: files of 3 bytes, 16 at once, files/s`, name, {
    value: (SMALL_FILES * 1000) / (performance.now() - start),
    growthMb: undefined,
  });
  await measureLogArtifacts(store, name, base);
  if (name === "trackflare" && store === "folder") {
    const instant = await startInstantPuts(port + 2, base);
    await measureLogArtifacts(store, "bare", `http://127.0.0.1:${port + 2}`);
    instant.closeAllConnections();
    instant.close();
  }
  for (const bytes of sizes) {
    const size = sizeText(bytes);
    const rate = (what: string) => `${store}: ${size} ${what}, MB/s`;
    await measure(rate("up"), name, bytes, pid, () => transfers.putWhole(urlOf("whole"), bytes));
    await measure(rate("down"), name, bytes, pid, () => transfers.getWhole(urlOf("whole"), bytes));
    await fetch(urlOf("whole"), { method: "DELETE" });
    await measure(rate("up by parts"), name, bytes, pid, () =>
      transfers.putByParts(transfers.mlflowParts(base, folder, "parts"), bytes),
    );
    await measure(rate("down by ranges"), name, bytes, pid, async () =>
      transfers.getByRanges(await transfers.presignedUrl(base, `${folder}/parts`), bytes),
    );
    await fetch(urlOf("parts"), { method: "DELETE" });
  }
}

/** The stock client, which sends one file after the other. "bare" is the client alone: every PUT is answered at once. */
async function measureLogArtifacts(store: Store, name: ServerName, base: string): Promise<void> {
  const python = `${dirname(await peerExecutable("mlflow"))}/python`;
  const logged = await promisify(execFile)(python, [`${import.meta.dirname}/log_artifacts.py`, base]);
  const seconds = Number(/seconds: (\S+)/.exec(logged.stdout)?.[1]);
  note(`${store}: log_artifacts of ${SMALL_FILES} files, files/s`, name, {
    value: SMALL_FILES / seconds,
    growthMb: undefined,
  });
}

async function measureBare(bucket: Bucket): Promise<void> {
  for (const bytes of sizes) {
    const rate = (what: string) => `s3: ${sizeText(bytes)} ${what}, MB/s`;
    const url = bucket.urlOf("bare/file");
    await measure(rate("up"), "bare", bytes, undefined, async () =>
      transfers.putWhole(await bucket.presign("PUT", url), bytes),
    );
    await measure(rate("down"), "bare", bytes, undefined, async () =>
      transfers.getWhole(await bucket.presign("GET", url), bytes),
    );
    await measure(rate("up by parts"), "bare", bytes, undefined, () =>
      transfers.putByParts(bucket.parts("bare/parts"), bytes),
    );
    await measure(rate("down by ranges"), "bare", bytes, undefined, async () =>
      transfers.getByRanges(await bucket.presign("GET", bucket.urlOf("bare/parts")), bytes),
    );
    for (const key of ["bare/file", "bare/parts"]) {
      await fetch(await bucket.presign("DELETE", bucket.urlOf(key)), { method: "DELETE" });
    }
  }
}

function report(): string {
  const cell = (figure: Figure | undefined) =>
    figure === undefined ? "–" : `${figure.value.toPrecision(3)}${growthOf(figure)}`;
  const rows = [...results].map(([row, by]) => {
    const [ours, mlflow, bare] = SERVERS.map((name) => by.get(name));
    const times = ours && mlflow ? `${(ours.value / mlflow.value).toFixed(2)}×` : "–";
    const ofBare = ours && bare ? `${(ours.value / bare.value).toFixed(2)}×` : "–";
    return `| ${row} | ${cell(ours)} | ${cell(mlflow)} | ${cell(bare)} | ${times} | ${ofBare} |`;
  });
  const head = "| transfer | Trackflare | MLflow 3.17.2 | without a server | vs MLflow | of the bare client |";
  return [
    ...machineFacts().map((fact) => `- ${fact}`),
    "",
    head,
    "| --- | --: | --: | --: | --: | --: |",
    ...rows,
  ].join("\n");
}

const work = `${CACHE}/artifacts-${process.pid}`;
for (const store of stores) {
  for (const name of SERVERS) {
    if ((store === "r2" && name !== "trackflare") || (store !== "s3" && name === "bare")) continue;
    const folder = `${work}/${store}-${name}`;
    mkdirSync(`${folder}/bucket`, { recursive: true });
    const bucket = store === "s3" ? await Bucket.start(port + 1, `${folder}/bucket`) : undefined;
    try {
      if (name === "bare") {
        if (bucket !== undefined) await measureBare(bucket);
        continue;
      }
      const server = await Server.start(name, store, folder, bucket);
      try {
        await measureServer(name, store, server);
      } finally {
        await server.stop();
      }
    } finally {
      await bucket?.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  }
}
rmSync(work, { recursive: true, force: true });
const text = report();
writeFileSync(`${CACHE}/artifacts.md`, text);
console.log(`\n${text}`);
process.exit(0);
