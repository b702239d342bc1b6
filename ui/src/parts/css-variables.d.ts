import "react";

declare module "react" {
  // React's style takes CSS variables, its types do not know.
  interface CSSProperties {
    [variable: `--${string}`]: string | number | undefined;
  }
}
