import { expect, test } from "vitest";
import { expectMlflowError, fetchWorker, newRun } from "../../helpers/mlflow.ts";

const preview = (query: string) => fetchWorker(`/ui-api/preview?${query}`);

async function runWithPage(): Promise<string> {
  const runId = await newRun();
  const address = `/ajax-api/2.0/mlflow/upload-artifact?run_uuid=${runId}&path=page.html`;
  await fetchWorker(address, { method: "POST", body: "<script>1</script>" });
  return runId;
}

test("a logged page is answered as a page in a sandbox, without the origin of the web UI", async () => {
  const answer = await preview(`run_id=${await runWithPage()}&path=page.html`);
  expect(await answer.text()).toBe("<script>1</script>");
  expect(answer.headers.get("Content-Type")).toBe("text/html; charset=utf-8");
  const policy = answer.headers.get("Content-Security-Policy") ?? "";
  expect(policy).toMatch(/^sandbox allow-scripts; default-src 'none';/);
  expect(policy).toContain("connect-src 'none'");
  expect(policy).toContain("frame-ancestors 'self'");
  expect(policy).not.toContain("allow-same-origin");
  expect(answer.headers.get("X-Content-Type-Options")).toBe("nosniff");
  expect(answer.headers.get("Cross-Origin-Resource-Policy")).toBe("same-origin");
});

test("a preview needs one run or model, and a file of it", async () => {
  const runId = await runWithPage();
  await expectMlflowError(preview("path=page.html"), "INVALID_PARAMETER_VALUE");
  await expectMlflowError(preview(`run_id=${runId}&model_id=m-1&path=page.html`), "INVALID_PARAMETER_VALUE");
  await expectMlflowError(preview(`run_id=${runId}&path=../page.html`), "INVALID_PARAMETER_VALUE");
  await expectMlflowError(preview(`run_id=${runId}&path=none.html`), "RESOURCE_DOES_NOT_EXIST");
  await expectMlflowError(preview("model_id=m-none&path=page.html"), "RESOURCE_DOES_NOT_EXIST");
});
