import { expect, test } from "vitest";
import { withFresh } from "../../../../ui/src/screens/runs/use-live-rows.ts";
import { rows } from "./rows.ts";

test("what is newer of a row stands in its place, until the row itself is read anew", () => {
  const read = rows(["a", "b"]);
  const [newer] = rows(["b"], { "metrics.acc": [1] });
  const known = new Map([["b", { row: read[1]!, fresh: newer! }]]);
  expect(withFresh(read, known)).toEqual([read[0], newer]);
  expect(withFresh([...read, ...rows(["c"])], known)[1]).toBe(newer);
  const again = rows(["a", "b"]);
  expect(withFresh(again, known)).toEqual(again);
  expect(withFresh(again, known)[1]).toBe(again[1]);
});
