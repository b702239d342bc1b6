import type { ReactNode } from "react";

/** The words of a button with an icon, which are for readers only on phones. */
export function ButtonWords({ children }: { children: ReactNode }) {
  return <span className="sr-only wide:not-sr-only">{children}</span>;
}
