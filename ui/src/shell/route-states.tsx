import type { ErrorComponentProps } from "@tanstack/react-router";
import { useEffect } from "react";
import { isServerThere } from "../api/server.ts";
import { buttonClass } from "../parts/button.tsx";
import { EmptyState, ErrorState, SkeletonRows } from "../parts/states.tsx";
import { useBreadcrumbs } from "./breadcrumbs.tsx";

const TRY_MS = 2000;

/** The page for an unknown address. */
export function NotFound() {
  useBreadcrumbs([{ label: "No such page" }]);
  return (
    <EmptyState
      title="There is no such page"
      actions={
        <a href="#/experiments" className={buttonClass("primary")}>
          Go to the experiments
        </a>
      }
    >
      The address may be cut off, or of a newer version.
    </EmptyState>
  );
}

/** The page for a screen that failed, or whose code could not be loaded (no server, or a deploy removed it). */
export function ScreenError({ error, reset }: ErrorComponentProps) {
  const text = error instanceof Error ? `${error.name} ${error.message}` : String(error);
  const isUnloaded = /ServerAway|dynamically imported module|importing a module|module script/i.test(text);
  useBreadcrumbs([{ label: isUnloaded ? "Not loaded" : "Error" }]);
  useEffect(() => {
    if (!isUnloaded) return;
    const timer = setInterval(() => void loadAnew(text), TRY_MS);
    return () => clearInterval(timer);
  }, [isUnloaded, text]);
  if (!isUnloaded) {
    return (
      <ErrorState title="This page ran into an error" error={error} onRetry={reset}>
        Nothing was changed on the server.
      </ErrorState>
    );
  }
  return (
    <ErrorState title="This page could not be loaded" error={error} onRetry={() => void reloadIfThere()}>
      {text.startsWith("ServerAway")
        ? "It opens by itself as soon as the server answers."
        : "The server may have been updated since you opened it."}
    </ErrorState>
  );
}

/** Reloads once per error: a file that stays missing must not reload the page in a loop. */
async function loadAnew(what: string): Promise<void> {
  const setting = "trackflare.loaded-anew";
  if (sessionStorage.getItem(setting) === what) return;
  if (!what.startsWith("ServerAway")) sessionStorage.setItem(setting, what);
  await reloadIfThere();
}

/** A reload without a server would show the browser's own error page. */
async function reloadIfThere(): Promise<void> {
  if (await isServerThere()) location.reload();
}

export function ScreenPending() {
  return <SkeletonRows rows={12} />;
}
