import { beforeEach, expect, test, vi } from "vitest";
import { Gate, turn, World } from "./world.ts";

beforeEach(() => {
  vi.spyOn(console, "error").mockImplementation(() => undefined);
});

/** Run `a` is in a burst, and run `b` was cut off at the beginning of its burst. The instance that had them has ended. */
async function crashedWorld(): Promise<World> {
  const world = new World();
  for (let step = 1; step <= 70; step++) await world.log(step);
  await world.cell.flush(world.run(), false);
  await world.log(71);
  world.d1.before = new Gate();
  void world.log(1, "b");
  await turn();
  world.d1.before = undefined;
  world.restart();
  return world;
}

test("whichever step of opening fails, calls are refused, nothing is lost, and the next instance or call goes on", async () => {
  const counted = await crashedWorld();
  const before = counted.sqlite.statements;
  counted.run("a");
  counted.run("b");
  const steps = counted.sqlite.statements - before;
  expect(steps).toBeGreaterThan(20);
  for (let step = 1; step <= steps; step++) {
    const world = await crashedWorld();
    world.sqlite.failsAt = world.sqlite.statements + step;
    const failed = [() => world.run("a"), () => world.run("b")].filter((open) => {
      try {
        open();
        return false;
      } catch {
        return true;
      }
    });
    expect(failed.length, `step ${step}`).toBeGreaterThan(0);
    expect(world.d1.run("a").epoch, `step ${step}`).toBe(2);
    if (step % 2 === 0) world.restart();
    expect(await world.search(), `step ${step}`).toBe(71);
    expect(world.steps("a"), `step ${step}`).toHaveLength(71);
    expect(world.steps("b"), `step ${step}`).toEqual([]);
    expect(await world.log(1, "b")).toBe(true);
    expect(world.steps("b")).toEqual([1]);
  }
});

test("whichever step of an alarm fails, it never throws, and alarms go on until D1 knows all", async () => {
  for (let step = 1; step <= 60; step++) {
    const world = await crashedWorld();
    world.sqlite.failsAt = world.sqlite.statements + step;
    await world.alarm();
    world.restart();
    for (let i = 0; i < 6 && world.alarmMs !== null; i++) await world.alarm();
    expect(world.alarmMs, `step ${step}`).toBeNull();
    expect(world.d1.run("a").latest.get("loss"), `step ${step}`).toBe(71);
  }
});

test("a run that cannot be read fails alone, keeps its mark, and can be removed", async () => {
  const world = new World();
  await world.log(1, "a");
  await world.log(1, "b");
  const breakRow = (byte: string) =>
    world.sqlite.rows(`UPDATE journal SET body = CAST(x'${byte}' || substr(body, 2) AS BLOB) WHERE run = 1`);
  breakRow("63");
  world.restart();
  const [a, b] = world.cell.news([{ runId: "a" }, { runId: "b" }]);
  expect(a?.news).toBeUndefined();
  expect(b?.news?.rows).toHaveLength(1);
  await expect(world.log(2, "a")).rejects.toThrow("format 99");
  expect(await world.log(2, "b")).toBe(true);
  await world.alarm();
  expect(world.d1.run("b").latest.get("loss")).toBe(2);
  expect(world.d1.run("a").epoch).toBe(2);
  expect(world.alarmMs).not.toBeNull();
  world.cell.endBursts(["a"]);
  await world.cell.purge("a");
  expect(world.sqlite.rows("SELECT 1 FROM journal WHERE run = 1")).toEqual([]);
  expect(world.steps("b")).toEqual([1, 2]);
});
