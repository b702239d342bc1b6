import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { onTestFailed } from "vitest";

const SCREENSHOTS = join(import.meta.dirname, "../../../dist/test/screenshots");

/** Call this inside a test: if the test fails, a picture of the page is stored in dist/test/screenshots. */
export function screenshotOnFailure(page: Page): void {
  onTestFailed(async ({ task }) => {
    mkdirSync(SCREENSHOTS, { recursive: true });
    const path = join(SCREENSHOTS, `${task.name.replaceAll(/[^\w-]+/g, "-")}.png`);
    await page.screenshot({ path });
    console.error(`Screenshot: ${path}`);
  });
}
