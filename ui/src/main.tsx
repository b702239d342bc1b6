import { CSPProvider } from "@base-ui/react/csp-provider";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { makeQueryClient } from "./api/query-client.ts";
import { IS_SHARED } from "./api/shared-link.ts";
import { initTheme } from "./parts/theme.ts";
import { Tooltips } from "./parts/tooltip.tsx";
import { makeRouter } from "./router.tsx";
// A kilobyte here, or a round trip before the first chart.
import "uplot/dist/uPlot.min.css";
import "./styles/tokens.css";
import "./styles/base.css";

initTheme();

const queries = makeQueryClient();

function show(): void {
  createRoot(document.getElementById("root")!).render(
    <StrictMode>
      <CSPProvider disableStyleElements>
        <QueryClientProvider client={queries}>
          <RouterProvider router={makeRouter(queries)} />
        </QueryClientProvider>
        <Tooltips />
      </CSPProvider>
    </StrictMode>,
  );
}

if (IS_SHARED) {
  void import("./shell/shared-start.ts").then(async ({ openShared }) => {
    await openShared(queries);
    show();
  });
} else show();
