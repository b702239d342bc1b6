import { useState } from "react";
import { ErrorState } from "../../parts/states.tsx";

interface MediaViewProps {
  url: string;
  name: string;
  isVideo: boolean;
  /** Whether the player is one of several in a grid. */
  isInGrid?: boolean;
}

/** Audio or video. The browser reads the parts that it plays. */
export function MediaView({ url, name, isVideo, isInGrid = false }: MediaViewProps) {
  const [isBroken, setBroken] = useState(false);
  if (isBroken) {
    return (
      <ErrorState
        title={isVideo ? "The video could not be played" : "The sound could not be played"}
        error="The file may be cut off, or of a kind that this browser does not know. It can be downloaded."
      />
    );
  }
  const shared = {
    controls: true,
    preload: "metadata",
    src: url,
    "aria-label": name,
    onError: () => setBroken(true),
  } as const;
  return isVideo ? (
    <video {...shared} className={isInGrid ? "w-full bg-surface" : "m-3 min-h-0 max-w-[calc(100%-24px)] bg-surface"} />
  ) : (
    <audio {...shared} className={isInGrid ? "w-full" : "m-3 w-[min(560px,calc(100%-24px))]"} />
  );
}
