import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { endProcess, markProcess } from "../../src/cli/process-mark.ts";

test("a mark is the same while the process lives and gone with it", async () => {
  const child = spawn("sleep", ["600"]);
  await once(child, "spawn");
  const pid = child.pid ?? 0;
  const mark = markProcess(pid);
  expect(mark?.pid).toBe(pid);
  expect(markProcess(pid)).toEqual(mark);
  child.kill();
  await once(child, "exit");
  expect(markProcess(pid)).toBeUndefined();
});

test("ending waits until the process is gone, and does nothing to another one of its id", async () => {
  const child = spawn("sleep", ["600"]);
  await once(child, "spawn");
  const mark = markProcess(child.pid ?? 0);
  if (mark === undefined) throw new Error("The child has no mark");
  await endProcess({ pid: mark.pid, born: `not ${mark.born}` });
  expect(markProcess(mark.pid)).toEqual(mark);
  await endProcess(mark);
  expect(markProcess(mark.pid)).toBeUndefined();
  await endProcess(mark);
});
