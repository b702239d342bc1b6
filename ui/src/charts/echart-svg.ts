import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import type { ChartOption } from "./echarts.ts";

use([SVGRenderer]);

/** A drawing as SVG, without a page. */
export function echartSvg(option: ChartOption, width: number, height: number): string {
  const chart = init(null, undefined, { renderer: "svg", ssr: true, width, height });
  try {
    chart.setOption(option);
    return chart.renderToSVGString();
  } finally {
    chart.dispose();
  }
}
