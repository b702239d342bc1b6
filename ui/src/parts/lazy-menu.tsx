import { lazy, type MouseEventHandler, type ReactElement, Suspense, useState } from "react";
import type { MenuEntry } from "./menu.tsx";

const Menu = lazy(async () => ({ default: (await import("./menu.tsx")).Menu }));

interface LazyMenuProps {
  /** Makes the button that opens it. */
  trigger: (onClick?: MouseEventHandler) => ReactElement;
  entries: () => readonly MenuEntry[];
}

/** A menu whose code loads when a menu is first opened, because the first screen and each row of a list have one. */
export function LazyMenu({ trigger, entries }: LazyMenuProps) {
  const [isWanted, setWanted] = useState(false);
  if (!isWanted) return trigger(() => setWanted(true));
  return (
    <Suspense fallback={trigger()}>
      <Menu trigger={trigger()} entries={entries()} align="end" isInitiallyOpen />
    </Suspense>
  );
}
