import { setTimeout as sleep } from "node:timers/promises";
import axe from "axe-core";
import type { Page } from "playwright-core";

/** Longer than any transition of the UI. */
const SECOND_LOOK_MS = 1000;

/**
 * Axe's serious and critical findings in a page, as `rule: selector`, by WCAG 2.2 A and AA. A finding counts if a second look
 * has it too: the middle of a change of colours has contrasts that no reader keeps.
 */
export async function seriousFindings(page: Page): Promise<string[]> {
  // Evaluated through the debugger, to which the page's policy does not apply.
  if (await page.evaluate("globalThis.axe === undefined")) await page.evaluate(axe.source);
  const first = await findings(page);
  if (first.length === 0) return [];
  await sleep(SECOND_LOOK_MS);
  const second = new Set(await findings(page));
  return first.filter((finding) => second.has(finding));
}

async function findings(page: Page): Promise<string[]> {
  return await page.evaluate(async () => {
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
    const { violations } = await (globalThis as unknown as { axe: typeof import("axe-core") }).axe.run({
      runOnly: { type: "tag", values: tags },
      resultTypes: ["violations"],
    });
    return violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(" ")}`));
  });
}
