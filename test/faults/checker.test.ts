import { describe, expect, test } from "vitest";
import {
  checkLatestUnderLoad,
  checkOrder,
  checkRun,
  checkRunsFound,
  checkSummaries,
  type ObservedRun,
  type SummaryRow,
} from "./checker.ts";
import { Ledger, latestOf, type Point, REGISTER_KINDS, RunLedger } from "./ledger.ts";

// A crash test that cannot detect a loss proves nothing. So each kind of fault is given to the checker here.

const at = (step: number, value: number, key = "loss"): Point => ({ key, timestamp: 1000 + step, step, value });
const ACKNOWLEDGED = [at(0, 3), at(1, 2), at(2, Number.NaN), at(3, 1), at(0, 7, "accuracy")];
const UNANSWERED = at(4, 0.5);

function ledgerOfRun(): RunLedger {
  const ledger = new RunLedger("r1");
  ledger.sendPoints([...ACKNOWLEDGED, UNANSWERED]);
  ledger.acknowledgePoints(ACKNOWLEDGED);
  for (const kind of REGISTER_KINDS) {
    const register = ledger.register(kind, "twice");
    for (const value of ["old", "new"]) {
      register.send(value);
      register.acknowledge(value);
    }
    register.send("unanswered");
    ledger.register(kind, "never answered").send("perhaps");
  }
  return ledger;
}

function observed(points: readonly Point[], registers = new Map([["twice", "new"]])): ObservedRun {
  const history = Map.groupBy(points, (point) => point.key);
  const latest = new Map([...history].flatMap(([key, of]) => [[key, latestOf(of) ?? at(0, 0)] as const]));
  return {
    name: "a run",
    history,
    latest: { "runs/get": latest, "runs/search": latest },
    registers: { params: registers, tags: registers, artifacts: registers },
  };
}

describe("a run at rest", () => {
  test("passes with and without what was not answered", () => {
    expect(checkRun(ledgerOfRun(), observed(ACKNOWLEDGED))).toEqual([]);
    const withUnanswered = new Map([
      ["twice", "unanswered"],
      ["never answered", "perhaps"],
    ]);
    expect(checkRun(ledgerOfRun(), observed([...ACKNOWLEDGED, UNANSWERED], withUnanswered))).toEqual([]);
  });

  test("a lost point is seen, whichever it is, and so is a lost metric", () => {
    for (const lost of ACKNOWLEDGED) {
      const rest = ACKNOWLEDGED.filter((point) => point !== lost);
      expect(kinds(checkRun(ledgerOfRun(), observed(rest)))).toEqual(["lost"]);
    }
  });

  test("a duplicate is seen, a NaN's too", () => {
    for (const twice of ACKNOWLEDGED) {
      const points = ACKNOWLEDGED.flatMap((point) => (point === twice ? [point, point] : [point]));
      expect(kinds(checkRun(ledgerOfRun(), observed(points)))).toEqual(["duplicate"]);
    }
  });

  test("a point that nobody sent is seen", () => {
    const phantoms = [at(1, 2.5), at(9, 3), at(0, 3, "unheard of"), { ...at(0, 3), timestamp: 1 }];
    for (const phantom of phantoms) {
      const points = [...ACKNOWLEDGED, phantom].sort((a, b) => a.timestamp - b.timestamp);
      expect(kinds(checkRun(ledgerOfRun(), observed(points)))).toEqual(["phantom"]);
    }
  });

  test("points out of order are seen", () => {
    const swapped = [at(1, 2), at(0, 3), ...ACKNOWLEDGED.slice(2)];
    expect(kinds(checkRun(ledgerOfRun(), observed(swapped)))).toEqual(["disorder"]);
  });

  test("a latest value behind or ahead of the history is seen, and a missing one", () => {
    const honest = observed(ACKNOWLEDGED);
    const wrongs = [[at(1, 2)], [UNANSWERED], []].map((points) => new Map(points.map((point) => [point.key, point])));
    for (const wrong of wrongs) {
      const latest = new Map([...honest.latest["runs/get"]].filter(([key]) => key !== "loss").concat([...wrong]));
      for (const source of ["runs/get", "runs/search"]) {
        const problems = checkRun(ledgerOfRun(), { ...honest, latest: { ...honest.latest, [source]: latest } });
        expect(kinds(problems)).toEqual(["stale latest"]);
        expect(problems[0]).toContain(source);
      }
    }
  });

  test("a param, tag or artifact that is lost, old, torn or unheard of is seen", () => {
    const honest = observed(ACKNOWLEDGED);
    for (const kind of REGISTER_KINDS) {
      const kindsWith = (values: Record<string, string>) =>
        kinds(
          checkRun(ledgerOfRun(), {
            ...honest,
            registers: { ...honest.registers, [kind]: new Map(Object.entries(values)) },
          }),
        );
      expect(kindsWith({})).toEqual(["wrong value"]);
      expect(kindsWith({ twice: "old" })).toEqual(["wrong value"]);
      expect(kindsWith({ twice: "new", "never answered": "perh" })).toEqual(["wrong value"]);
      expect(kindsWith({ twice: "new", other: "x" })).toEqual(["phantom"]);
    }
  });
});

test("while clients write, a latest value may be newer than acknowledged, but neither older nor unheard of", () => {
  const ledger = ledgerOfRun();
  const before = ledger.acknowledgedLatest;
  const check = (...points: Point[]) =>
    kinds(checkLatestUnderLoad(ledger, before, new Map(points.map((point) => [point.key, point]))));
  const accuracy = at(0, 7, "accuracy");
  expect(check(at(3, 1), accuracy)).toEqual([]);
  expect(check(UNANSWERED, accuracy)).toEqual([]);
  expect(check(at(2, Number.NaN), accuracy)).toEqual(["stale latest"]);
  expect(check(at(3, 1))).toEqual(["stale latest"]);
  expect(check(at(5, 1), accuracy)).toEqual(["phantom"]);
});

test("runs that are lost, found twice or unheard of are seen", () => {
  const ledger = new Ledger();
  ledger.runs.push(new RunLedger("r1"), new RunLedger("r2"));
  ledger.unansweredRunNames.add("unanswered");
  const run = (runId: string, name = "") => ({ runId, name });
  const check = (...found: { runId: string; name: string }[]) => kinds(checkRunsFound(ledger, found));
  expect(check(run("r1"), run("r2"))).toEqual([]);
  expect(check(run("r1"), run("r2"), run("r3", "unanswered"))).toEqual([]);
  expect(check(run("r1"))).toEqual(["lost"]);
  expect(check(run("r1"), run("r2"), run("r1"))).toEqual(["duplicate"]);
  expect(check(run("r1"), run("r2"), run("r3", "other"))).toEqual(["phantom"]);
  expect(check(run("r1"), run("r2"), run("r3", "unanswered"), run("r4", "unanswered"))).toEqual(["duplicate"]);
});

test("a search that orders or filters by other values than the history's latest is seen", () => {
  const histories = new Map([
    ["r1", [at(0, 9), at(1, 2)]],
    ["r2", [at(0, 3)]],
    ["r3", [at(0, 1)]],
    ["r4", []],
  ]);
  expect(checkOrder(histories, 1.5, ["r2", "r1"])).toEqual([]);
  for (const found of [["r1", "r2"], ["r2"], ["r2", "r1", "r3"], ["r2", "r1", "r1"]]) {
    expect(kinds(checkOrder(histories, 1.5, found))).toEqual(["wrong order"]);
  }
});

test("a row of D1 that disagrees with the history is seen", () => {
  const { history } = observed(ACKNOWLEDGED);
  const accuracy = { ...at(0, 7, "accuracy"), minValue: 7, maxValue: 7, first: at(0, 7, "accuracy") };
  const check = (loss: Partial<SummaryRow>) =>
    kinds(checkSummaries(history, [accuracy, { ...at(3, 1), minValue: 1, maxValue: 3, first: at(0, 3), ...loss }]));
  expect(check({})).toEqual([]);
  expect(check(at(1, 2))).toEqual(["stale latest"]);
  expect(check({ minValue: 2 })).toEqual(["wrong range"]);
  expect(check({ first: at(1, 2) })).toEqual(["wrong first"]);
  expect(check({ maxValue: null })).toEqual(["wrong range"]);
  expect(kinds(checkSummaries(history, [accuracy]))).toEqual(["stale latest"]);
});

/** The kinds of the problems, each once. */
function kinds(problems: readonly string[]): string[] {
  return [...new Set(problems.map((problem) => problem.split(":")[0] ?? ""))];
}
