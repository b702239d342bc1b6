import { ChevronRight } from "lucide-react";
import { useEffect, useSyncExternalStore } from "react";

/** One step of where the reader is; the last has no address. */
export interface Crumb {
  label: string;
  /** Such as `#/experiments/1`. */
  href?: string;
}

let current: readonly Crumb[] = [];
const listeners = new Set<() => void>();

function publish(crumbs: readonly Crumb[]): void {
  current = crumbs;
  for (const tell of listeners) tell();
}

/** Says in the bar, and in the page's title, where the reader is. */
export function useBreadcrumbs(crumbs: readonly Crumb[]): void {
  const text = JSON.stringify(crumbs);
  useEffect(() => {
    const parsed: Crumb[] = JSON.parse(text);
    publish(parsed);
    document.title = [...parsed.map((crumb) => crumb.label).reverse(), "Trackflare"].join(" · ");
    return () => publish([]);
  }, [text]);
}

export function Breadcrumbs() {
  const crumbs = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => current,
  );
  // The section's own page is what the links beside it say already.
  if (crumbs.length < 2) return null;
  return (
    <nav aria-label="Breadcrumbs" className="min-w-0 flex-1">
      <ol className="flex min-w-0 items-center gap-1">
        {crumbs.map((crumb, index) => (
          <li key={crumb.href ?? crumb.label} className="flex min-w-8 shrink-2 items-center gap-1 last:shrink">
            {index > 0 && <ChevronRight size={14} aria-hidden className="shrink-0 text-ink-faint" />}
            {crumb.href === undefined ? (
              <span aria-current="page" title={crumb.label} className="truncate font-medium">
                {crumb.label}
              </span>
            ) : (
              <a href={crumb.href} title={crumb.label} className="truncate text-ink-muted">
                {crumb.label}
              </a>
            )}
          </li>
        ))}
      </ol>
    </nav>
  );
}
