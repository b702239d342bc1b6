import type { ErrorComponentProps } from "@tanstack/react-router";
import { buttonClass } from "../parts/button.tsx";
import { EmptyState, ErrorState, SkeletonRows } from "../parts/states.tsx";

/** An address that stands for nothing. */
export function NotFound() {
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

/** A screen that broke, or whose code could not be loaded: after a deploy, or without a network. */
export function ScreenError({ error, reset }: ErrorComponentProps) {
  const message = error instanceof Error ? error.message : String(error);
  const isLoadFailure = /dynamically imported module|importing a module|module script/i.test(message);
  return (
    <ErrorState
      title={isLoadFailure ? "This page could not be loaded" : "This page ran into an error"}
      error={error}
      onRetry={isLoadFailure ? () => location.reload() : reset}
    >
      {isLoadFailure ? "The server may have been updated since you opened it." : "Nothing was changed on the server."}
    </ErrorState>
  );
}

export function ScreenPending() {
  return <SkeletonRows rows={12} />;
}
