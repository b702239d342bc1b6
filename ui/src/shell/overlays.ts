import type { ComponentType } from "react";

export interface OverlayProps {
  isOpen: boolean;
  onOpenChange: (isOpen: boolean) => void;
}

/** What opens over any screen; the code of each comes when it is first asked for. */
export const OVERLAYS = {
  palette: () => import("./command-palette.tsx"),
  connect: () => import("./connect-panel.tsx"),
  shortcuts: () => import("./shortcut-list.tsx"),
} satisfies Record<string, () => Promise<{ default: ComponentType<OverlayProps> }>>;
