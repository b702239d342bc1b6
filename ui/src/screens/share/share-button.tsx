import { useQueries, useQuery } from "@tanstack/react-query";
import { Share2 } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { levelQuery } from "../../api/grants.ts";
import type { LinkedThing } from "../../api/links.ts";
import { sessionQuery } from "../../api/session.ts";
import { IS_SHARED } from "../../api/shared-link.ts";
import { Button, ButtonWords, IconButton } from "../../parts/button.tsx";

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
  const session = useQuery({ ...sessionQuery(), enabled: !IS_SHARED }).data;
  const isClosed = session?.asks_for_credentials === true;
  const levels = useQueries({
    queries: experimentIds.map((resource_id) => ({
      ...levelQuery({ resource_type: "experiment", resource_id }),
      enabled: isClosed && session.user !== null,
    })),
  });
  const [isOpen, setOpen] = useState(false);
  const mayShare = session !== undefined && (!isClosed || levels.every(({ data }) => data?.permission === "MANAGE"));
  if (IS_SHARED || !mayShare || experimentIds.length === 0) return null;
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
