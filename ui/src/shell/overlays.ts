import type { ComponentType } from "react";
import type { OverlayProps } from "../parts/dialog.tsx";

/** The overlays that open over any screen. The code of each is loaded at its first use. */
export const OVERLAYS = {
  palette: () => import("./command-palette.tsx"),
  connect: () => import("./connect-panel.tsx"),
  shortcuts: () => import("./shortcut-list.tsx"),
} satisfies Record<string, () => Promise<{ default: ComponentType<OverlayProps> }>>;
