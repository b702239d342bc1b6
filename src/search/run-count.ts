import type { Condition } from "./ast.ts";
import { Binder } from "./binder.ts";
import { conditionSql } from "./conditions.ts";
import { all } from "./connect.ts";
import type { ExperimentCursor } from "./experiment-candidates.ts";
import type { SqlStatement, Step, StepQuery } from "./plan.ts";
import { drivenRuns, type RunScope } from "./run-scope.ts";
import { runSource } from "./run-source.ts";

/** Counts the runs that match among the next candidates. */
export function countStep(scope: RunScope, query: StepQuery<ExperimentCursor>): Step {
  const binder = new Binder();
  const { conditions, visibility } = scope.parts;
  const countOf = (from: string, where: readonly string[], runId: string, counted?: Condition) => {
    const others = conditions.filter((condition) => condition !== counted);
    const tests = [...where, ...others.map((one) => conditionSql(one, runSource(runId), binder))];
    return `SELECT count(*) AS runs FROM ${from} WHERE ${all(tests)}`;
  };
  const count = (sql: string): SqlStatement => ({ sql, values: binder.values() });
  // An index is counted fast.
  if (conditions.length === 0 && scope.listed === undefined && visibility.run === undefined) {
    const ofRuns = [scope.inExperiments("r.experiment_id", binder), ...scope.onRun(binder)];
    return { rows: count(countOf("runs r INDEXED BY runs_by_start", ofRuns, "r.run_id")) };
  }
  const candidates = scope.candidates.query(query.cursor, binder.limit(query.candidates), binder);
  const slice = countOf(`(${candidates}) r`, scope.ofVisible(binder), "r.run_id");
  const driving = query.isFirst ? scope.drivers : [];
  if (driving.length === 0) return { rows: count(slice), last: scope.last(query) };
  const choice = scope.driverChoice(query.candidates, binder);
  const driven = driving.map((driver, place) => {
    const where = [...driver.where(binder), ...scope.onRun(binder)];
    return `WHEN ${place} THEN (${countOf(drivenRuns(driver), where, "d.run_id", driver.comparison)})`;
  });
  return {
    rows: count(`SELECT CASE (SELECT ${choice}) ${driven.join(" ")} ELSE (${slice}) END AS runs`),
    last: scope.last(query),
  };
}
