import { expect, test } from "vitest";
import { CLIENTS, connectLines } from "../../../ui/src/shell/connect-lines.ts";

test("every client's lines have the address, without a slash at its end", () => {
  expect(CLIENTS).toEqual(["Python", "R", "Java", "CLI", "REST"]);
  for (const client of CLIENTS) {
    const text = connectLines(client, "https://host.example/prefix/");
    expect(text).toMatch(/https:\/\/host\.example\/prefix(?!\/["\s])/);
    expect(text).not.toContain("{{");
  }
});

test("curl signs in where the server asks for it", () => {
  expect(connectLines("REST", "http://h", true)).toContain(
    '-u "$MLFLOW_TRACKING_USERNAME:$MLFLOW_TRACKING_PASSWORD" "http://h/api',
  );
  expect(connectLines("REST", "http://h")).not.toContain("-u ");
});
