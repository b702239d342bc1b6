import axe from "axe-core";
import type { Page } from "playwright-core";

/** Half of a colour's transition, as after a change of the theme, is a contrast that no reader keeps. */
const SETTLED = `Promise.race([
  Promise.allSettled(document.getAnimations().filter((one) => one instanceof CSSTransition).map((one) => one.finished)),
  new Promise((resolve) => setTimeout(resolve, 2000)),
]).then(() => undefined)`;

/** Axe's serious and critical findings in a page, as `rule: selector`, by WCAG 2.2 A and AA. */
export async function seriousFindings(page: Page): Promise<string[]> {
  // Evaluated through the debugger, to which the page's policy does not apply.
  await page.evaluate(axe.source);
  await page.evaluate(SETTLED);
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
