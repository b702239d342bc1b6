import { describe, expect, test } from "vitest";
import { compareSides } from "../../../../ui/src/screens/registry/comparison.ts";
import { parseMlmodel } from "../../../../ui/src/screens/registry/mlmodel.ts";
import { modelFilter, quoted } from "../../../../ui/src/screens/registry/registry-filter.ts";

describe("MLmodel", () => {
  test("flavors and a signature that long lines fold", () => {
    const text = `artifact_path: mlflow-artifacts:/1/models/m-1/artifacts
flavors:
  python_function:
    loader_module: mlflow.sklearn
    env:
      conda: conda.yaml
  sklearn:
    code: null
is_signature_from_type_hint: false
signature:
  inputs: '[{"type": "double", "name": "it''s", "required": true}, {"type": "string",
    "name": "kind", "required": false}]'
  outputs: '[{"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 10]}}]'
  params: '[{"name": "temperature", "type": "float", "default": 0.5, "shape": null}]'
type_hint_from_example: false
`;
    expect(parseMlmodel(text)).toEqual({
      flavors: ["python_function", "sklearn"],
      inputs: [
        { name: "it's", type: "double", isOptional: false },
        { name: "kind", type: "string", isOptional: true },
      ],
      outputs: [{ name: "0", type: "float32 (-1, 10)", isOptional: false }],
      params: [{ name: "temperature", type: "float", isOptional: true }],
    });
  });

  test("without a signature, and what is no MLmodel at all", () => {
    const nothing = { flavors: [], inputs: [], outputs: [], params: [] };
    expect(parseMlmodel("")).toEqual(nothing);
    expect(parseMlmodel("<html>\n<body>signature:</body>")).toEqual(nothing);
    expect(parseMlmodel("signature:\n  inputs: '[{'\n  outputs: null\n")).toEqual(nothing);
  });
});

test("a filter: conditions as they stand, anything else is part of a name", () => {
  expect(modelFilter("  ")).toBe("");
  expect(modelFilter("churn")).toBe("name ILIKE '%churn%'");
  expect(modelFilter("name of a thing")).toBe("name ILIKE '%name of a thing%'");
  expect(modelFilter("tags.team = 'red'")).toBe("tags.team = 'red'");
  expect(modelFilter("name LIKE 'a%'")).toBe("name LIKE 'a%'");
  expect(quoted("it's")).toBe(`"it's"`);
  expect(quoted(`it's "it"`)).toBe(`"it's it"`);
});

test("a comparison tells every key of any side, and where they differ", () => {
  const sides = [
    new Map([
      ["lr", "0.1"],
      ["depth", "4"],
    ]),
    new Map([
      ["depth", "4"],
      ["opt", "adam"],
    ]),
  ];
  expect(compareSides(sides)).toEqual([
    { key: "depth", values: ["4", "4"], differs: false },
    { key: "lr", values: ["0.1", undefined], differs: true },
    { key: "opt", values: [undefined, "adam"], differs: true },
  ]);
  expect(compareSides([])).toEqual([]);
});
