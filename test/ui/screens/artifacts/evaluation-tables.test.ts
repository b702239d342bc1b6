import { expect, test } from "vitest";
import { evaluationTable } from "../../../../ui/src/screens/artifacts/evaluation-tables.ts";

test("the evaluator's counts by class, with the scores that are there", () => {
  const columns =
    "positive_class,true_negatives,false_positives,false_negatives,true_positives,example_count,accuracy_score,roc_auc".split(
      ",",
    );
  const table = evaluationTable("eval/per_class_metrics.csv", columns, [
    ["0", "100", "0", "0", "50", "150", "1.0", ""],
    ["cat", "99", "1", "3", "47", "150", "0.97", "0.99"],
  ]);
  expect(table).toEqual({
    kind: "classes",
    classes: [
      {
        name: "0",
        trueNegatives: 100,
        falsePositives: 0,
        falseNegatives: 0,
        truePositives: 50,
        scores: { accuracy_score: 1 },
      },
      {
        ...{ name: "cat", trueNegatives: 99, falsePositives: 1, falseNegatives: 3, truePositives: 47 },
        scores: { accuracy_score: 0.97, roc_auc: 0.99 },
      },
    ],
  });
});

test("points of curves, by class, in order of x, with their areas", () => {
  const rows = [
    ["a", "1", "1"],
    ["a", "0", "0"],
    ["b", "0", "1"],
    ["b", "1", "1"],
  ];
  expect(evaluationTable("roc.csv", ["class", "fpr", "tpr"], rows)).toEqual({
    kind: "roc",
    lines: [
      {
        name: "a",
        points: [
          [0, 0],
          [1, 1],
        ],
        area: 0.5,
      },
      {
        name: "b",
        points: [
          [0, 1],
          [1, 1],
        ],
        area: 1,
      },
    ],
  });
  const pr = [
    ["0", "1", "0.5"],
    ["1", "0.5", "0.1"],
  ];
  expect(evaluationTable("x.csv", ["recall", "precision", "threshold"], pr)).toMatchObject({ kind: "pr" });
  // A table of recall and precision of several models is no curve.
  expect(evaluationTable("models.csv", ["recall", "precision", "model"], pr)).toBeUndefined();
});

test("a square matrix, with or without a column of labels", () => {
  const rows = [
    ["5", "1"],
    ["0", "4"],
  ];
  const matrix = {
    kind: "matrix",
    labels: ["cat", "dog"],
    rows: [
      [5, 1],
      [0, 4],
    ],
  };
  expect(evaluationTable("confusion_matrix.csv", ["cat", "dog"], rows)).toEqual(matrix);
  const labelled = rows.map((row, i) => [["cat", "dog"][i]!, ...row]);
  expect(evaluationTable("confusion_matrix.csv", ["", "cat", "dog"], labelled)).toEqual(matrix);
  expect(
    evaluationTable(
      "confusion_matrix.csv",
      ["cat", "dog"],
      [
        ["5", "x"],
        ["0", "4"],
      ],
    ),
  ).toBeUndefined();
  expect(evaluationTable("table.csv", ["cat", "dog"], rows)).toBeUndefined();
});
