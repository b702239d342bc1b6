import { Share2 } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import type { LinkedThing } from "../../api/links.ts";
import { Button, ButtonWords, IconButton } from "../../parts/button.tsx";
import { useRights } from "../access/rights.ts";

const ShareDialog = lazy(() => import("./share-dialog.tsx"));

interface ShareButtonProps {
  /** What is shared, in words: the link's first name. */
  name: string;
  thing: LinkedThing;
  /** The experiments that the reader must manage. */
  experimentIds: readonly string[];
  /** Whether the button is its icon alone. */
  isSmall?: boolean;
}

/** Makes a signed link to a thing. Shown to readers who manage it. */
export function ShareButton({ name, thing, experimentIds, isSmall = false }: ShareButtonProps) {
  const { mayManage } = useRights({ type: "experiment", ids: experimentIds });
  const [isOpen, setOpen] = useState(false);
  if (!mayManage || experimentIds.length === 0) return null;
  const button = { onClick: () => setOpen(true), icon: <Share2 size={14} aria-hidden /> };
  return (
    <>
      {isSmall ? (
        <IconButton label="Share" {...button} />
      ) : (
        <Button {...button}>
          <ButtonWords>Share</ButtonWords>
        </Button>
      )}
      {isOpen && (
        <Suspense>
          <ShareDialog {...{ name, thing }} onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  );
}
