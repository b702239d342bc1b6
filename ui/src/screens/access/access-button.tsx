import { useQuery } from "@tanstack/react-query";
import { Users } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import type { GrantedThing } from "../../api/grants.ts";
import { sessionQuery } from "../../api/session.ts";
import { IconButton } from "../../parts/button.tsx";
import { useRights } from "./rights.ts";

const AccessDialog = lazy(() => import("./access-dialog.tsx"));

/** Opens the list of users who can see a thing. Shown to users who manage it, if the server distinguishes its callers. */
export function AccessButton({ name, thing }: { name: string; thing: GrantedThing }) {
  const session = useQuery(sessionQuery()).data;
  const isClosed = session?.asks_for_credentials === true && session.user !== null;
  const { mayManage } = useRights({ type: thing.resource_type, ids: [thing.resource_id] });
  const [isOpen, setOpen] = useState(false);
  if (!isClosed || !mayManage) return null;
  return (
    <>
      <IconButton label="Who can see this" icon={<Users size={14} aria-hidden />} onClick={() => setOpen(true)} />
      {isOpen && (
        <Suspense>
          <AccessDialog {...{ name, thing }} onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  );
}
