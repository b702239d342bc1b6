import type { AnyRouter } from "@tanstack/react-router";

/** What scrolls on a page: its table, or the page itself. */
function scroller(): Element | null {
  return document.querySelector("main [role$=grid]")?.parentElement ?? document.querySelector("main");
}

/** Of the entry in the history; undefined in browsers that do not tell it. Links that are no router's have no other mark. */
function entryKey(): string | undefined {
  return "navigation" in window ? window.navigation.currentEntry?.key : undefined;
}

/** Going back shows a page where it was left; another page begins at its top. */
export function keepScrollPlaces(router: AnyRouter): () => void {
  const left = new Map<string | undefined, number>();
  let here = entryKey();
  const forgetLeaving = router.subscribe("onBeforeLoad", ({ pathChanged }) => {
    if (pathChanged && here !== undefined) left.set(here, scroller()?.scrollTop ?? 0);
  });
  const forgetArriving = router.subscribe("onRendered", ({ pathChanged }) => {
    here = entryKey();
    if (!pathChanged) return;
    const top = left.get(here) ?? 0;
    // A table knows its height one frame later.
    requestAnimationFrame(() => scroller()?.scrollTo({ top }));
  });
  return () => {
    forgetLeaving();
    forgetArriving();
  };
}
