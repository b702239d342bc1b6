import { Link, Outlet, useNavigate, useParams, useRouter, useRouterState } from "@tanstack/react-router";
import { Keyboard, Monitor, Moon, Plug, Search, Sun } from "lucide-react";
import { type ComponentType, lazy, Suspense, useEffect, useRef, useState } from "react";
import { IS_SHARED } from "../api/shared-link.ts";
import { Button, IconButton } from "../parts/button.tsx";
import type { OverlayProps } from "../parts/dialog.tsx";
import { setTheme, type ThemeChoice, useThemeChoice } from "../parts/theme.ts";
import { sayFailed, Toasts } from "../parts/toast.tsx";
import { Breadcrumbs, UpLink } from "./breadcrumbs.tsx";
import { isOverlayOpen, keysLabel, listenForKeys, useCommands } from "./commands.ts";
import { Mark } from "./mark.tsx";
import { OVERLAYS } from "./overlays.ts";
import { keepScrollPlaces } from "./scroll-places.ts";

const SharedFrame = lazy(() => import("./shared-frame.tsx"));
const AccountButton = lazy(() => import("./account-button.tsx"));
const ConnectionBanner = lazy(() => import("./connection-banner.tsx"));

const THEMES: Record<ThemeChoice, { next: ThemeChoice; label: string; icon: typeof Sun }> = {
  system: { next: "light", label: "Theme: as the system", icon: Monitor },
  light: { next: "dark", label: "Theme: light", icon: Sun },
  dark: { next: "system", label: "Theme: dark", icon: Moon },
};

const THEME_CHOICES: readonly ThemeChoice[] = ["system", "light", "dark"];

/** Screens without navigation to other screens. */
const ALONE = /^\/(sign-in|set-up)$/;

/** The frame around every screen. */
export function Frame() {
  const isAlone = useRouterState({ select: ({ location }) => ALONE.test(location.pathname) });
  if (IS_SHARED) {
    return (
      <Suspense>
        <SharedFrame />
      </Suspense>
    );
  }
  if (!isAlone) return <FullFrame />;
  return (
    <main className="flex h-full flex-col overflow-auto">
      <Outlet />
    </main>
  );
}

function FullFrame() {
  const [Overlay, setOverlay] = useState<ComponentType<OverlayProps>>();
  const navigate = useNavigate();
  const { ids, experimentId = ids } = useParams({ strict: false });
  const choice = useThemeChoice();
  const main = useFocusOnNavigation();
  const router = useRouter();
  useEffect(listenForKeys, []);
  useEffect(() => keepScrollPlaces(router), [router]);
  const open = (name: keyof typeof OVERLAYS): void => {
    OVERLAYS[name]().then(
      (module) => setOverlay(() => module.default),
      (error: unknown) => sayFailed("This could not be opened.", error),
    );
  };
  useCommands([
    { id: "go.search", label: "Search and commands", group: "Go to", keys: "mod+k", run: () => open("palette") },
    { id: "go.home", label: "Home", group: "Go to", keys: "g h", run: () => void navigate({ to: "/home" }) },
    {
      id: "go.experiments",
      label: "Experiments",
      group: "Go to",
      keys: "g e",
      run: () => void navigate({ to: "/experiments" }),
    },
    {
      id: "go.models",
      label: "Registered models",
      group: "Go to",
      keys: "g m",
      run: () => void navigate({ to: "/models" }),
    },
    { id: "go.prompts", label: "Prompts", group: "Go to", keys: "g p", run: () => void navigate({ to: "/prompts" }) },
    { id: "go.links", label: "Links", group: "Go to", run: () => void navigate({ to: "/links" }) },
    { id: "go.trash", label: "Trash", group: "Go to", keys: "g t", run: () => void navigate({ to: "/trash" }) },
    {
      id: "go.logged-models",
      label: "Logged models of the experiment",
      group: "Go to",
      keys: "g l",
      isDisabled: experimentId === undefined || experimentId.includes(","),
      run: () =>
        void navigate({ to: "/experiments/$experimentId/models", params: { experimentId: experimentId ?? "" } }),
    },
    ...THEME_CHOICES.map((next) => ({
      id: `view.theme.${next}`,
      label: THEMES[next].label,
      group: "View",
      isDisabled: next === choice,
      run: () => setTheme(next),
    })),
    { id: "help.connect", label: "Connect a client", group: "Help", run: () => open("connect") },
    { id: "help.keys", label: "Keyboard shortcuts", group: "Help", keys: "?", run: () => open("shortcuts") },
  ]);
  const theme = THEMES[choice];
  return (
    <div className="flex h-full flex-col">
      {/* A button and not a link: an address with another hash would be another page. */}
      <button
        type="button"
        onClick={() => main.current?.focus()}
        className="sr-only focus:not-sr-only focus:absolute focus:top-2 focus:left-2 focus:bg-raised focus:p-2"
      >
        Skip to the content
      </button>
      <header className="flex h-bar shrink-0 items-center gap-2 border-line border-b px-3 wide:gap-4 wide:px-4">
        <Link to="/home" className="flex items-center gap-2 font-semibold text-ink hover:no-underline">
          <Mark />
          <span className="sr-only wide:not-sr-only">Trackflare</span>
          <span className="sr-only">home</span>
        </Link>
        <nav aria-label="Main" className="flex items-center gap-3">
          <SectionLink to="/experiments" label="Experiments" />
          <SectionLink to="/models" label="Models" />
          <SectionLink to="/prompts" label="Prompts" />
        </nav>
        <Breadcrumbs />
        <div className="ml-auto flex items-center gap-1">
          <Button
            kind="plain"
            className="text-ink-muted"
            icon={<Search size={14} aria-hidden />}
            onClick={() => open("palette")}
          >
            <span className="sr-only wide:not-sr-only">Search</span>
            <span className="sr-only">and commands</span>
            <kbd aria-hidden className="hidden font-sans text-ink-faint text-sm wide:inline">
              {keysLabel("mod+k")}
            </kbd>
          </Button>
          <IconButton label="Connect a client" icon={<Plug size={16} aria-hidden />} onClick={() => open("connect")} />
          <span className="hidden wide:inline-flex">
            <IconButton
              label="Keyboard shortcuts"
              shortcut="?"
              icon={<Keyboard size={16} aria-hidden />}
              onClick={() => open("shortcuts")}
            />
          </span>
          <IconButton
            label={theme.label}
            icon={<theme.icon size={16} aria-hidden />}
            onClick={() => setTheme(theme.next)}
          />
          <Suspense>
            <AccountButton />
          </Suspense>
        </div>
      </header>
      <UpLink />
      <Suspense>
        <ConnectionBanner />
      </Suspense>
      <main ref={main} tabIndex={-1} className="flex min-h-0 min-w-0 flex-1 flex-col overflow-auto outline-none">
        <Outlet />
      </main>
      <Toasts />
      {Overlay !== undefined && <Overlay isOpen onOpenChange={(isOpen) => !isOpen && setOverlay(undefined)} />}
    </div>
  );
}

/** Moves the focus to a new page, as a browser does, because the pressed link has usually disappeared. */
function useFocusOnNavigation() {
  const main = useRef<HTMLElement>(null);
  const path = useRouterState({ select: ({ resolvedLocation }) => resolvedLocation?.pathname });
  const shown = useRef(path);
  useEffect(() => {
    if (shown.current === path) return;
    const isFirst = shown.current === undefined;
    shown.current = path;
    if (isFirst || isOverlayOpen()) return;
    if (main.current?.contains(document.activeElement) === false) main.current.focus({ preventScroll: true });
  }, [path]);
  return main;
}

function SectionLink({ to, label }: { to: "/experiments" | "/models" | "/prompts"; label: string }) {
  return (
    <Link to={to} className="text-ink-muted hover:text-ink data-[status=active]:text-ink">
      {label}
    </Link>
  );
}
