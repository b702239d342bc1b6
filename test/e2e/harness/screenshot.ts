import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { onTestFailed } from "vitest";

const SCREENSHOTS = join(import.meta.dirname, "../../../dist/test/screenshots");

/** Called inside a test: if it fails, what the page shows is left in dist/test/screenshots. */
export function screenshotOnFailure(page: Page): void {
  onTestFailed(async ({ task }) => {
    mkdirSync(SCREENSHOTS, { recursive: true });
    const path = join(SCREENSHOTS, `${task.name.replaceAll(/[^\w-]+/g, "-")}.png`);
    await page.screenshot({ path });
    console.error(`Screenshot: ${path}`);
  });
}
