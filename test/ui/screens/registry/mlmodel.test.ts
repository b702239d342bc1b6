import { expect, test } from "vitest";
import { parseMlmodel } from "../../../../ui/src/screens/registry/mlmodel.ts";

test("a file that would run code is text", () => {
  const hostile = [
    "flavors:",
    '  !!js/function "function () { globalThis.ran = true; }":',
    "  sklearn: !!python/object/apply:os.system ['touch x']",
    "  <<: !!js/undefined ''",
    "signature:",
    `  inputs: '[{"type": "double", "name": "<img src=x onerror=alert(1)>", "__proto__": {"polluted": true}}]'`,
    `  outputs: !!js/function "() => 1"`,
  ].join("\n");
  const { flavors, inputs, outputs } = parseMlmodel(hostile);
  expect(flavors).toContain("sklearn");
  expect(inputs).toMatchObject([{ name: "<img src=x onerror=alert(1)>", type: "double" }]);
  expect(outputs).toEqual([]);
  expect("ran" in globalThis).toBe(false);
  expect("polluted" in {}).toBe(false);
});
