import type { AnyRouter } from "@tanstack/react-router";

/** The element that scrolls on a page: its table, or the page itself. */
function scroller(): Element | null {
  return document.querySelector("main [role$=grid]")?.parentElement ?? document.querySelector("main");
}

/** The key of the history entry; undefined in browsers without it. Links outside the router have no other identification. */
function entryKey(): string | undefined {
  return "navigation" in window ? window.navigation.currentEntry?.key : undefined;
}

/** Going back restores a page's scroll position; another page begins at its top. */
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
    // A table has its height only one frame later.
    requestAnimationFrame(() => scroller()?.scrollTo({ top }));
  });
  return () => {
    forgetLeaving();
    forgetArriving();
  };
}
