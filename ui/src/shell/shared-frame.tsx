import { useQuery } from "@tanstack/react-query";
import { Outlet, useRouterState } from "@tanstack/react-router";
import { Monitor, Moon, Sun } from "lucide-react";
import { sharedLinkQuery } from "../api/shared-link.ts";
import { IconButton } from "../parts/button.tsx";
import { formatTime } from "../parts/format.ts";
import { EmptyState } from "../parts/states.tsx";
import { setTheme, type ThemeChoice, useThemeChoice } from "../parts/theme.ts";
import { Toasts } from "../parts/toast.tsx";
import { Mark } from "./mark.tsx";

const NEXT: Record<ThemeChoice, { next: ThemeChoice; label: string; icon: typeof Sun }> = {
  system: { next: "light", label: "Theme: as the system", icon: Monitor },
  light: { next: "dark", label: "Theme: light", icon: Sun },
  dark: { next: "system", label: "Theme: dark", icon: Moon },
};

/** Screens that show what a link may show. */
const SHOWN = /^\/(experiments\/.+|compare(-runs)?|runs\/.+|logged-models\/.+|file)$/;

/** The frame around what a signed link shows: no way to anything else. */
export default function SharedFrame() {
  const link = useQuery(sharedLinkQuery());
  const isShown = useRouterState({ select: ({ location }) => SHOWN.test(location.pathname) });
  const choice = useThemeChoice();
  const theme = NEXT[choice];
  return (
    <div className="flex h-full flex-col">
      <header className="flex h-bar shrink-0 items-center gap-2 border-line border-b px-3 wide:gap-4 wide:px-4">
        <span className="flex shrink-0 items-center gap-2 font-semibold">
          <Mark />
          <span className="sr-only wide:not-sr-only">Trackflare</span>
        </span>
        <span className="min-w-0 truncate font-medium">{link.data?.name}</span>
        {link.data !== undefined && (
          <span className="ml-auto shrink-0 text-ink-muted text-sm">
            Shared with you<span className="hidden wide:inline">, read-only</span>
            <span className="hidden wide:inline">, until {formatTime(link.data.expiration_time)}</span>
          </span>
        )}
        <IconButton
          label={theme.label}
          icon={<theme.icon size={16} aria-hidden />}
          onClick={() => setTheme(theme.next)}
          className={link.data === undefined ? "ml-auto" : ""}
        />
      </header>
      <main tabIndex={-1} className="flex min-h-0 min-w-0 flex-1 flex-col overflow-auto outline-none">
        {link.error !== null ? (
          <EmptyState title="This link does not open">{link.error.message}</EmptyState>
        ) : isShown ? (
          <Outlet />
        ) : (
          <EmptyState title="This link does not show that">It shows the one thing that was shared with you.</EmptyState>
        )}
      </main>
      <Toasts />
    </div>
  );
}
