import { test } from "vitest";
import { checkRandomSearches } from "./random-pages.ts";

// Few rounds, so that the mutation run can repeat them. stores/d1/runs/run-page-walks.test.ts has more.
test("random searches answer what a naive evaluation answers", () => checkRandomSearches({ seed: 3, rounds: 60 }));
