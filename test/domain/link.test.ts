import { expect, test } from "vitest";
import { isLinkSecret, isPathWithin, isWideEnough, linkAddress, newLink, reachFields } from "../../src/domain/link.ts";

test("a link's address has its id and its secret", () => {
  const link = newLink();
  expect(link.linkId).toMatch(/^[0-9A-Za-z]{12}$/);
  expect(link.secret).toMatch(/^[0-9A-Za-z]{43}$/);
  expect(linkAddress(link)).toBe(`shared/${link.linkId}/#${link.secret}`);
  expect(newLink()).not.toEqual(link);
});

test("a secret has 43 digits and letters", () => {
  const { secret } = newLink();
  expect(isLinkSecret(secret)).toBe(true);
  const wrong = ["", secret.slice(1), `${secret}0`, `${secret}\n`, ` ${secret.slice(1)}`, `${secret.slice(1)}-`];
  for (const text of wrong) expect(isLinkSecret(text), text).toBe(false);
});

test("what a link shows has the fields of its kind", () => {
  expect(reachFields({ kind: "experiments", experimentIds: ["1", "2"] })).toEqual({
    kind: "experiments",
    experiment_ids: ["1", "2"],
  });
  expect(reachFields({ kind: "runs", runIds: ["a"] })).toEqual({ kind: "runs", run_ids: ["a"] });
  expect(reachFields({ kind: "file", runId: "a", path: "b/c" })).toEqual({ kind: "file", run_ids: ["a"], path: "b/c" });
  expect(reachFields({ kind: "file", modelId: "m-1", path: "b" })).toEqual({
    kind: "file",
    model_id: "m-1",
    path: "b",
  });
});

test("a call that is open to a kind of links is open to wider kinds", () => {
  const kinds = ["file", "runs", "experiments"] as const;
  expect(kinds.map((kind) => kinds.map((smallest) => isWideEnough(kind, smallest)))).toEqual([
    [true, false, false],
    [true, true, false],
    [true, true, true],
  ]);
});

test("a linked folder contains the paths below it, and no other path", () => {
  const paths = ["plots", "plots/a.png", "plots/a/b", "plots2", "a/plots", "plot", "", "Plots/a"];
  expect(paths.filter((path) => isPathWithin(path, "plots"))).toEqual(["plots", "plots/a.png", "plots/a/b"]);
});
