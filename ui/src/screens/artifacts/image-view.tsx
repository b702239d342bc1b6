import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useEffect, useState } from "react";
import { request } from "../../api/client.ts";
import { classNames } from "../../parts/class-names.ts";
import { ErrorState, Skeleton } from "../../parts/states.tsx";
import { Note } from "./note.tsx";
import { useView } from "./shown-place.ts";
import { ViewSwitch } from "./view-switch.tsx";

/** Smaller images are samples, whose single pixels matter. */
const SMALL_PX = 256;
const SIZES = ["fit", "actual"] as const;

interface ImageViewProps {
  url: string;
  name: string;
  isSvg: boolean;
  /** Controls beside the choice of the size. */
  controls?: ReactNode;
}

/** One image, fitted or in its own size. An SVG is shown as an image too, so it runs no script and loads nothing. */
export function ImageView({ url, name, isSvg, controls }: ImageViewProps) {
  const [size, setSize] = useView(SIZES);
  const [pixels, setPixels] = useState<{ width: number; height: number }>();
  const isSmall = pixels !== undefined && Math.max(pixels.width, pixels.height) < SMALL_PX;
  const svg = useSvgUrl(url, isSvg);
  const [isBroken, setBroken] = useState(false);
  const source = isSvg ? svg.data : url;
  if (isBroken || svg.error !== null) {
    return (
      <ErrorState
        title="The image could not be shown"
        error={svg.error ?? "The file may be cut off, or of another kind than its name says."}
      />
    );
  }
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <Note>
        <ViewSwitch label="Size" views={SIZES} view={size} onView={setSize} />
        <span className="text-ink-muted text-sm">{pixels && `${pixels.width} × ${pixels.height} px`}</span>
        {controls}
      </Note>
      <section
        aria-label="Image"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keys
        tabIndex={0}
        className="flex min-h-0 flex-1 overflow-auto p-3 -outline-offset-2"
      >
        {source === undefined ? (
          <Skeleton className="m-auto h-40 w-60" />
        ) : (
          <img
            src={source}
            alt={name}
            onLoad={({ currentTarget: { naturalWidth, naturalHeight } }) =>
              setPixels({ width: naturalWidth, height: naturalHeight })
            }
            onError={() => setBroken(true)}
            className={
              size === "fit"
                ? classNames("size-full object-contain", isSmall && "[image-rendering:pixelated]")
                : "m-auto max-w-none [image-rendering:pixelated]"
            }
          />
        )}
      </section>
    </div>
  );
}

/** The server gives an SVG as bytes, as its scripts would run in the page's origin; here it gets the type of an image. */
function useSvgUrl(url: string, isSvg: boolean) {
  const query = useQuery({
    queryKey: ["artifacts", "svg", url],
    queryFn: async ({ signal }) => {
      const bytes = await (await request(url, { signal })).arrayBuffer();
      return new Blob([bytes], { type: "image/svg+xml" });
    },
    enabled: isSvg,
  });
  const [address, setAddress] = useState<string>();
  useEffect(() => {
    if (query.data === undefined) return;
    const made = URL.createObjectURL(query.data);
    setAddress(made);
    return () => URL.revokeObjectURL(made);
  }, [query.data]);
  return { data: address, error: query.error };
}
