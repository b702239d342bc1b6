import { type ComponentType, type ReactNode, useLayoutEffect, useState } from "react";

/**
 * A component whose code loads when the component is first drawn, or earlier by `preload`. Until then the page shows
 * `fallback`. The component appears as soon as its code has loaded. With its own `lazy`, React waits 300 ms after a
 * fallback.
 */
export function lazily<Props extends object>(load: () => Promise<ComponentType<Props>>) {
  let Loaded: ComponentType<Props> | undefined;
  let loading: Promise<void> | undefined;
  const preload = (): Promise<void> => {
    loading ??= load().then(
      (component) => {
        Loaded = component;
      },
      (error: unknown) => {
        loading = undefined;
        throw error;
      },
    );
    return loading;
  };

  function Lazily({ fallback, ...props }: Props & { fallback?: ReactNode }) {
    const [state, setState] = useState<{ error?: unknown }>();
    useLayoutEffect(() => {
      if (Loaded !== undefined) return;
      preload().then(
        () => setState({}),
        (error: unknown) => setState({ error }),
      );
    }, []);
    if (Loaded !== undefined) return <Loaded {...(props as unknown as Props)} />;
    // The screen's error state shows the failure, and tries again.
    if (state?.error !== undefined) throw state.error;
    return fallback;
  }
  return Object.assign(Lazily, { preload: () => void preload().catch(() => undefined) });
}
