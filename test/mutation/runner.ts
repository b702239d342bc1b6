import { globSync, readFileSync } from "node:fs";
import { createRequire, registerHooks, stripTypeScriptTypes } from "node:module";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { INSTRUMENTER_CONSTANTS, type InstrumenterContext } from "@stryker-mutator/api/core";
import { declareClassPlugin, PluginKind } from "@stryker-mutator/api/plugin";
import {
  type DryRunResult,
  DryRunStatus,
  determineHitLimitReached,
  type MutantRunOptions,
  type MutantRunResult,
  type TestResult,
  type TestRunner,
  TestStatus,
  toMutantRunResult,
} from "@stryker-mutator/api/test-runner";
import type { RunnerTask, RunnerTestCase, RunnerTestFile, RunnerTestSuite, VitestTestRunner } from "vitest";
import { PARTS } from "./parts.ts";

/*
 * Runs Vitest's tests in a process of Stryker. Every module is loaded once: a change executes only the text of its files of
 * tests again, and takes the time of its tests.
 */

/** An import in a file of tests. */
const IMPORT = /^import\s[^;]*?"[^"]+";$/gm;

/** Vitest's settings that its runner reads, beside the root. */
const CONFIG = {
  setupFiles: [],
  sequence: { shuffle: false, concurrent: false, hooks: "stack", seed: 1 },
  maxConcurrency: 1,
  testTimeout: 60_000,
  hookTimeout: 60_000,
  retry: 0,
  allowOnly: true,
  tags: [],
  expect: {},
} as unknown as VitestTestRunner["config"];

/** Loads a file of tests as a function, `cloudflare:test` as `workers.ts`, and SQL and JSON as values. */
function registerLoaders(workers: string): void {
  registerHooks({
    resolve: (specifier, context, next) =>
      /^cloudflare:(?:test|workers)$/.test(specifier) ? { url: workers, shortCircuit: true } : next(specifier, context),
    load: (url, context, next) => {
      const [kind] = /(?<=\.)(?:test\.ts|sql|json)$/.exec(url) ?? [];
      if (kind === undefined || url.includes("/node_modules/")) return next(url, context);
      const text = readFileSync(fileURLToPath(url), "utf8");
      const value = kind === "sql" ? JSON.stringify(text) : text;
      const source = kind === "test.ts" ? asFunction(text) : `export default ${value};`;
      return { format: "module", shortCircuit: true, source };
    },
  });
}

function asFunction(text: string): string {
  const code = stripTypeScriptTypes(text);
  const imports = code.match(IMPORT) ?? [];
  return `${imports.join("\n")}\nexport default async () => {\n${code.replaceAll(IMPORT, "")}\n};`;
}

class InProcessRunner implements TestRunner {
  /** The files of tests with the most milliseconds that each has taken. */
  readonly #files = new Map<string, number>();
  /** The variables of the changed code. */
  readonly #changed: InstrumenterContext;
  /** An error outside of a test. */
  #stray: unknown;
  #startTests!: (files: string[], runner: VitestTestRunner) => Promise<RunnerTestFile[]>;
  #freshDatabase!: () => void;
  #restoreMocks!: () => void;

  constructor() {
    const name = INSTRUMENTER_CONSTANTS.NAMESPACE;
    const all = globalThis as unknown as Record<string, InstrumenterContext>;
    all[name] ??= {};
    this.#changed = all[name];
  }

  /** Stryker would start a new process for a change that loading reaches. Each change is activated after loading here. */
  capabilities(): { reloadEnvironment: boolean } {
    return { reloadEnvironment: true };
  }

  async init(): Promise<void> {
    // Stryker has changed to the folder of its copy of the code.
    CONFIG.root = process.cwd();
    const part = PARTS[process.env.TRACKFLARE_MUTATION_PART ?? ""];
    if (part === undefined) throw new Error("TRACKFLARE_MUTATION_PART names no part");
    for (const file of globSync(part.tests)) this.#files.set(file, 0);
    process.on("unhandledRejection", (error) => {
      this.#stray = error;
    });
    const workers = pathToFileURL("test/mutation/workers.ts").href;
    registerLoaders(workers);
    // Vitest does not load without it.
    Object.assign(globalThis, { __vitest_worker__: { config: CONFIG, environment: { name: "node" } } });
    const ofVitest = createRequire(import.meta.resolve("vitest"));
    this.#startTests = (await import(ofVitest.resolve("@vitest/runner"))).startTests;
    const { vi } = await import("vitest");
    this.#restoreMocks = () => vi.restoreAllMocks();
    this.#freshDatabase = (await import(workers)).freshDatabase;
  }

  async dryRun(): Promise<DryRunResult> {
    const tests: TestResult[] = [];
    for (const file of this.#files.keys()) tests.push(...(await this.#run(file, () => true)));
    return { status: DryRunStatus.Complete, tests, mutantCoverage: this.#changed.mutantCoverage! };
  }

  async mutantRun({ testFilter, hitLimit, activeMutant }: MutantRunOptions): Promise<MutantRunResult> {
    const wanted = new Set(testFilter);
    const isWanted = (id: string) => testFilter === undefined || wanted.has(id);
    const filesOfWanted = new Set(testFilter?.map((id) => id.slice(0, id.indexOf("#"))) ?? this.#files.keys());
    const fastestFirst = [...this.#files].toSorted(([, a], [, b]) => a - b).map(([file]) => file);
    Object.assign(this.#changed, { hitCount: 0, hitLimit });
    const tests: TestResult[] = [];
    for (const file of fastestFirst.filter((one) => filesOfWanted.has(one))) {
      tests.push(...(await this.#run(file, isWanted, activeMutant.id)));
      const isEndless = determineHitLimitReached(this.#changed.hitCount, hitLimit);
      if (isEndless !== undefined) return toMutantRunResult(isEndless);
      if (tests.some(({ status }) => status === TestStatus.Failed)) break;
    }
    return toMutantRunResult({ status: DryRunStatus.Complete, tests });
  }

  /** Runs the tests of a file until one fails. The change is active after the file's text was executed. */
  async #run(file: string, isWanted: (id: string) => boolean, mutant?: string): Promise<TestResult[]> {
    const changed = this.#changed;
    const idOf = (test: RunnerTestCase) => `${file}#${nameOf(test)}`;
    const select = (task: RunnerTask): boolean => {
      const isSelected = task.type === "suite" ? task.tasks.map(select).includes(true) : isWanted(idOf(task));
      if (!isSelected) task.mode = "skip";
      return isSelected;
    };
    let hasFailed = false;
    const runner: VitestTestRunner = {
      config: CONFIG,
      importFile: async (path) => (await import(path)).default(),
      onCollected: (files) => {
        files.forEach(select);
        if (mutant !== undefined) changed.activeMutant = mutant;
      },
      onBeforeRunSuite: (suite) => {
        if (hasFailed) suite.mode = "skip";
      },
      onBeforeRunTask: (test) => {
        if (hasFailed) test.mode = "skip";
        if (test.mode !== "skip") changed.currentTestId = idOf(test);
      },
      onAfterRunTask: (test) => {
        delete changed.currentTestId;
        hasFailed ||= test.result?.state === "fail";
      },
    };
    const start = performance.now();
    this.#stray = undefined;
    // A mock that stays would remember calls of the code before the change.
    this.#restoreMocks();
    this.#freshDatabase();
    const [done] = (await this.#startTests([join(CONFIG.root, file)], runner)) as [RunnerTestFile];
    delete changed.activeMutant;
    this.#files.set(file, Math.max(this.#files.get(file)!, performance.now() - start));
    const error = this.#stray ?? errorOf(done);
    return error === undefined || hasFailed
      ? testsOf(done).flatMap((test) => resultOf(test, idOf(test)) ?? [])
      : [failure(file, String(error))];
  }
}

function testsOf(suite: RunnerTestSuite): RunnerTestCase[] {
  return suite.tasks.flatMap((task) => (task.type === "suite" ? testsOf(task) : [task]));
}

function nameOf({ name, suite }: RunnerTask): string {
  return suite === undefined ? name : `${nameOf(suite)} > ${name}`;
}

/** The error of a suite itself, such as one of its `beforeAll`. */
function errorOf(suite: RunnerTestSuite): string | undefined {
  const own = suite.result?.errors?.[0]?.message;
  return own ?? suite.tasks.flatMap((task) => (task.type === "suite" ? (errorOf(task) ?? []) : []))[0];
}

/** Undefined if the test did not run. */
function resultOf({ name, result }: RunnerTestCase, id: string): TestResult | undefined {
  const base = { id, name, timeSpentMs: result?.duration ?? 0 };
  if (result?.state === "pass") return { ...base, status: TestStatus.Success };
  return result?.state === "fail" ? failure(id, result.errors?.[0]?.message ?? "") : undefined;
}

function failure(id: string, failureMessage: string): TestResult {
  return { id, name: id, timeSpentMs: 0, status: TestStatus.Failed, failureMessage };
}

export const strykerPlugins = [declareClassPlugin(PluginKind.TestRunner, "in-process", InProcessRunner)];
