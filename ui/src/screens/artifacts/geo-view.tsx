import { formatCount } from "../../parts/format.ts";
import type { GeoDrawing } from "./geo-shapes.ts";

/** GeoJSON without a map below it, because tiles of a map would be requests to another host. */
export function GeoView({ drawing }: { drawing: GeoDrawing }) {
  const { width, height, shapes, leftOut } = drawing;
  return (
    <figure className="flex min-h-0 flex-1 flex-col gap-2 p-3">
      <svg
        role="img"
        aria-label={`${formatCount(shapes.length)} shapes`}
        viewBox={`-10 -10 ${width + 20} ${height + 20}`}
        preserveAspectRatio="xMidYMid meet"
        className="min-h-0 w-full flex-1 text-accent"
      >
        {shapes.map((shape, index) => (
          <path
            // biome-ignore lint/suspicious/noArrayIndexKey: shapes have no identity but their place
            key={index}
            d={shape.path}
            fill={shape.isFilled ? "currentColor" : "none"}
            fillOpacity={0.2}
            fillRule="evenodd"
            stroke="currentColor"
            vectorEffect="non-scaling-stroke"
          >
            {shape.label !== "" && <title>{shape.label}</title>}
          </path>
        ))}
      </svg>
      <figcaption className="text-ink-muted text-sm">
        {formatCount(shapes.length)} shapes{leftOut > 0 && `, and ${formatCount(leftOut)} more that are not drawn`}
      </figcaption>
    </figure>
  );
}
