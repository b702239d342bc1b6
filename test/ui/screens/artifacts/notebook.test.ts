import { expect, test } from "vitest";
import { readNotebook } from "../../../../ui/src/screens/artifacts/notebook.ts";

test("cells of notebooks old and new, whatever else the JSON is", () => {
  const old = readNotebook({ worksheets: [{ cells: [{ cell_type: "code", input: ["a\n", "b"], outputs: [] }] }] });
  expect(old?.cells[0]).toMatchObject({ kind: "code", source: "a\nb" });
  expect(readNotebook({ cells: [{ cell_type: "markdown", source: "# A" }] })?.extension).toBe("py");
  for (const other of [null, 1, [], {}, { cells: [] }, "text"]) expect(readNotebook(other)).toBeUndefined();
  expect(readNotebook({ cells: [null, 3, { outputs: "x" }] })?.cells).toHaveLength(3);
});

test("outputs are pictures, text and errors; what is HTML stands as its text", () => {
  const [cell] = readNotebook({
    cells: [
      {
        cell_type: "code",
        outputs: [
          { output_type: "display_data", data: { "image/svg+xml": "<svg onload=alert(1)/>" } },
          { output_type: "execute_result", data: { "text/html": "<b>", "text/plain": "plain" } },
          { output_type: "error", traceback: ["line 1", "line 2"] },
        ],
      },
    ],
  })!.cells;
  expect(cell!.outputs).toEqual([
    { kind: "image", url: "data:image/svg+xml,%3Csvg%20onload%3Dalert(1)%2F%3E" },
    { kind: "text", text: "plain", isError: false },
    { kind: "text", text: "line 1\nline 2", isError: true },
  ]);
});
