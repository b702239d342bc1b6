import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { type Link, linksQuery, revokeLink } from "../../api/links.ts";
import { useChange } from "../../api/query-client.ts";
import { sessionQuery } from "../../api/session.ts";
import { addressOfLink } from "../../api/shared-link.ts";
import { Button } from "../../parts/button.tsx";
import { ConfirmDialog } from "../../parts/dialog.tsx";
import { Line, TextPage } from "../../parts/lines.tsx";
import { EmptyState, ErrorState, SkeletonRows } from "../../parts/states.tsx";
import { Time } from "../../parts/values.tsx";
import { useBreadcrumbs } from "../../shell/breadcrumbs.tsx";

/** The most lines that the page shows. */
const MAX_SHOWN = 300;

/** The signed links that the reader made; for admins, everybody's. */
export function LinksScreen() {
  useBreadcrumbs([{ label: "Links" }]);
  const list = useQuery(linksQuery());
  const me = useQuery(sessionQuery()).data?.user?.username;
  const [revoking, setRevoking] = useState<Link>();
  const revoke = useChange(revokeLink, ["links"]);
  if (list.data === undefined) {
    return list.isError ? (
      <ErrorState title="The links could not be listed" error={list.error} onRetry={() => void list.refetch()} />
    ) : (
      <SkeletonRows rows={6} />
    );
  }
  return (
    <TextPage title="Links">
      {list.data.length === 0 ? (
        <EmptyState title="No links">
          “Share” on a run, an experiment, a comparison or a file makes a link for people without an account.
        </EmptyState>
      ) : (
        <ul aria-label="Links">
          {list.data.slice(0, MAX_SHOWN).map((link) => (
            <Line key={link.link_id} title={<Title link={link} />} about={<About link={link} me={me} />}>
              <Button
                kind="danger"
                aria-label={`Revoke ${link.name || link.link_id}`}
                onClick={() => setRevoking(link)}
              >
                Revoke
              </Button>
            </Line>
          ))}
        </ul>
      )}
      {list.data.length > MAX_SHOWN && <p className="text-ink-muted">The newest {MAX_SHOWN} are shown.</p>}
      {revoking !== undefined && (
        <ConfirmDialog
          isOpen
          onOpenChange={() => setRevoking(undefined)}
          title={`Revoke ${revoking.name || "the link"}?`}
          description="Whoever has the link sees nothing more by it. This cannot be undone."
          confirmLabel="Revoke"
          isDangerous
          onConfirm={() => revoke.mutateAsync(revoking.link_id)}
        />
      )}
    </TextPage>
  );
}

function Title({ link }: { link: Link }) {
  const words = link.name || "A link";
  // A file has no page of its own.
  return link.kind === "file" ? words : <a href={`#${addressOfLink(link)}`}>{words}</a>;
}

function What({ kind, run_ids = [], experiment_ids = [], path, address }: Link) {
  if (kind === "file") return `File ${path}`;
  const view = address === "" ? "" : ", a view";
  if (kind === "experiments") return `${experiment_ids.length === 1 ? "Experiment" : "Experiments"}${view}`;
  return `${run_ids.length === 1 ? "Run" : `${run_ids.length} runs`}${view}`;
}

function About({ link, me }: { link: Link; me: string | undefined }) {
  const { username, creation_time, expiration_time, last_used_time } = link;
  const isOver = expiration_time <= Date.now();
  return (
    <>
      <What {...link} /> · made <Time timeMs={creation_time} />
      {username !== null && username !== me && ` by ${username}`}
      {" · "}
      {last_used_time === undefined ? (
        "never opened"
      ) : (
        <>
          last opened <Time timeMs={last_used_time} />
        </>
      )}
      {" · "}
      {isOver ? (
        <span className="text-danger">
          ended <Time timeMs={expiration_time} />
        </span>
      ) : (
        <>
          until <Time timeMs={expiration_time} isExact />
        </>
      )}
    </>
  );
}
