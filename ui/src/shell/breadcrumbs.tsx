import { ChevronLeft, ChevronRight } from "lucide-react";
import { useEffect, useSyncExternalStore } from "react";

/** One step of the breadcrumbs. The last step has no address. */
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

/** Shows the reader's place in the bar and in the page's title. */
export function useBreadcrumbs(crumbs: readonly Crumb[]): void {
  const text = JSON.stringify(crumbs);
  useEffect(() => {
    const parsed: Crumb[] = JSON.parse(text);
    publish(parsed);
    document.title = [...parsed.map((crumb) => crumb.label).reverse(), "Trackflare"].join(" · ");
    return () => publish([]);
  }, [text]);
}

function useCrumbs(): readonly Crumb[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => current,
  );
}

/** The breadcrumbs below the section. The links beside them already name the section. */
export function Breadcrumbs() {
  const crumbs = useCrumbs();
  const steps = crumbs.slice(1);
  return (
    <>
      <span aria-live="polite" className="sr-only">
        {crumbs.at(-1)?.label}
      </span>
      {steps.length > 0 && (
        <nav aria-label="Breadcrumbs" className="hidden min-w-0 flex-1 border-line border-l pl-4 wide:block">
          <ol className="flex min-w-0 items-center gap-1">
            {steps.map((crumb, index) => (
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
      )}
    </>
  );
}

/** A link one step up, if there is no room for the breadcrumbs. */
export function UpLink() {
  const up = useCrumbs().slice(1, -1).at(-1);
  if (up?.href === undefined) return null;
  return (
    <a
      href={up.href}
      className="flex h-8 shrink-0 items-center gap-1 border-line border-b px-3 text-ink-muted wide:hidden"
    >
      <ChevronLeft size={14} aria-hidden className="shrink-0" />
      <span className="truncate">{up.label}</span>
    </a>
  );
}
