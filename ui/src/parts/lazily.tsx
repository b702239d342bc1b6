import { type ComponentType, type ReactNode, useLayoutEffect, useState } from "react";

/**
 * A component whose code comes when it is first drawn, or earlier by `preload`; until then there is `fallback`. Other than
 * what React's own `lazy` suspends it is shown as soon as it is there: React holds back what follows a fallback for 300 ms.
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
