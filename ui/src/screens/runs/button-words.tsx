import type { ReactNode } from "react";

/** The text of a button with an icon. On phones only screen readers get the text. */
export function ButtonWords({ children }: { children: ReactNode }) {
  return <span className="sr-only wide:not-sr-only">{children}</span>;
}
