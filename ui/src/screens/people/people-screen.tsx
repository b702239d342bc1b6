import { useQuery } from "@tanstack/react-query";
import { MoreHorizontal, Plus } from "lucide-react";
import { useState } from "react";
import { createPerson, deletePerson, type Person, peopleQuery, resetPassword, setAdmin } from "../../api/people.ts";
import { useChange } from "../../api/query-client.ts";
import { endSignIns, sessionQuery } from "../../api/session.ts";
import { Button, IconButton } from "../../parts/button.tsx";
import { ConfirmDialog, FormDialog, type OverlayProps } from "../../parts/dialog.tsx";
import { formatCount } from "../../parts/format.ts";
import { LazyMenu } from "../../parts/lazy-menu.tsx";
import { Line, TextPage } from "../../parts/lines.tsx";
import type { MenuEntry } from "../../parts/menu.tsx";
import { EmptyState, ErrorState, SkeletonRows } from "../../parts/states.tsx";
import { SearchField, TextField } from "../../parts/text-field.tsx";
import { say, sayFailed } from "../../parts/toast.tsx";
import { useBreadcrumbs } from "../../shell/breadcrumbs.tsx";

/** The most lines that the page shows; the search finds the other users. */
const MAX_SHOWN = 300;

type Doing = { kind: "create" } | { kind: "password" | "admin" | "delete"; person: Person };

/** All users who may sign in, for admins. */
export function PeopleScreen() {
  useBreadcrumbs([{ label: "People" }]);
  const people = useQuery(peopleQuery());
  const me = useQuery(sessionQuery()).data?.user?.username;
  const [text, setText] = useState("");
  const [doing, setDoing] = useState<Doing>();
  const signOut = useChange(endSignIns, []);
  if (people.data === undefined) {
    return people.isError ? (
      <ErrorState title="The people could not be listed" error={people.error} onRetry={() => void people.refetch()} />
    ) : (
      <SkeletonRows rows={12} />
    );
  }
  const found = people.data.filter(({ username }) => username.toLowerCase().includes(text.toLowerCase()));
  const entriesOf = (person: Person): MenuEntry[] => [
    { label: "Reset the password…", onSelect: () => setDoing({ kind: "password", person }) },
    {
      label: "Sign out everywhere",
      onSelect: () =>
        signOut.mutate(
          { others: true, username: person.username },
          {
            onSuccess: () => say(`${person.username} is signed out of every browser.`),
            onError: (error) => sayFailed("The browsers could not be signed out.", error),
          },
        ),
    },
    // Admins cannot remove their own rights or account; another admin can.
    ...(person.username === me
      ? []
      : [
          {
            label: person.is_admin ? "Take the admin's rights…" : "Make an admin…",
            onSelect: () => setDoing({ kind: "admin" as const, person }),
          },
          null,
          { label: "Delete…", isDangerous: true, onSelect: () => setDoing({ kind: "delete" as const, person }) },
        ]),
  ];
  return (
    <TextPage title="People">
      <div className="flex flex-col gap-2">
        <div className="flex flex-wrap items-center gap-2">
          {people.data.length > 0 && (
            <>
              <SearchField label="Name" value={text} onValueChange={setText} className="min-w-0 flex-1 basis-40" />
              <span role="status" className="text-ink-muted">
                {formatCount(found.length)} {found.length === 1 ? "person" : "people"}
              </span>
            </>
          )}
          <Button kind="primary" icon={<Plus size={14} aria-hidden />} onClick={() => setDoing({ kind: "create" })}>
            New person
          </Button>
        </div>
        {people.data.length === 0 ? (
          <EmptyState title="Only the admin of the server's settings so far">
            Give each person and each job an account, and grants on the experiments that they work on.
          </EmptyState>
        ) : (
          <ul>
            {found.slice(0, MAX_SHOWN).map((person) => (
              <Line
                key={person.id}
                title={person.username}
                about={[person.is_admin ? "Admin" : "User", ...(person.username === me ? ["you"] : [])].join(" · ")}
              >
                <LazyMenu
                  trigger={(onClick) => (
                    <IconButton
                      label={`What to do with ${person.username}`}
                      icon={<MoreHorizontal size={14} aria-hidden />}
                      {...(onClick && { onClick })}
                    />
                  )}
                  entries={() => entriesOf(person)}
                />
              </Line>
            ))}
          </ul>
        )}
        {found.length > MAX_SHOWN && <p className="text-ink-muted">The first {MAX_SHOWN} are shown.</p>}
      </div>
      {doing !== undefined && <PeopleDialog doing={doing} onClose={() => setDoing(undefined)} />}
    </TextPage>
  );
}

function PeopleDialog({ doing, onClose }: { doing: Doing; onClose: () => void }) {
  const remove = useChange(deletePerson, ["people", "grants"]);
  const change = useChange(setAdmin, ["people"]);
  const dialog = { isOpen: true, onOpenChange: (isOpen: boolean) => !isOpen && onClose() };
  if (doing.kind === "create") return <CreateDialog {...dialog} />;
  const { person } = doing;
  const { username, is_admin } = person;
  if (doing.kind === "password") return <ResetDialog {...dialog} username={username} />;
  if (doing.kind === "delete") {
    return (
      <ConfirmDialog
        {...dialog}
        title={`Delete ${username}?`}
        description="The account goes with its grants, tokens and sign-ins. What was logged stays. This cannot be undone."
        confirmLabel="Delete"
        isDangerous
        onConfirm={() => remove.mutateAsync({ username })}
      />
    );
  }
  return (
    <ConfirmDialog
      {...dialog}
      title={is_admin ? `Take the admin's rights of ${username}?` : `Make ${username} an admin?`}
      description={
        is_admin
          ? "What is left are the grants on experiments and models."
          : "An admin may see and change everything on this server, people and grants too."
      }
      confirmLabel={is_admin ? "Take the rights" : "Make an admin"}
      isDangerous={is_admin}
      onConfirm={() => change.mutateAsync({ username, is_admin: !is_admin })}
    />
  );
}

function CreateDialog(dialog: OverlayProps) {
  const [username, setUsername] = useState("");
  const [password, setPassword] = useState("");
  const create = useChange(createPerson, ["people"]);
  return (
    <FormDialog
      {...dialog}
      title="New person"
      submitLabel="Create"
      onSubmit={() => create.mutateAsync({ username, password })}
      canSubmit={username.trim() !== "" && password.length >= 12}
    >
      <TextField
        label="Name"
        required
        autoFocus
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        maxLength={255}
        value={username}
        onValueChange={setUsername}
      />
      <NewPassword value={password} onValueChange={setPassword} />
    </FormDialog>
  );
}

function ResetDialog({ username, ...dialog }: OverlayProps & { username: string }) {
  const [password, setPassword] = useState("");
  const reset = useChange(resetPassword, []);
  return (
    <FormDialog
      {...dialog}
      title={`Reset the password of ${username}`}
      submitLabel="Reset"
      onSubmit={() => reset.mutateAsync({ username, password })}
      canSubmit={password.length >= 12}
    >
      <NewPassword value={password} onValueChange={setPassword} />
    </FormDialog>
  );
}

function NewPassword(props: { value: string; onValueChange: (value: string) => void }) {
  return (
    <TextField
      label="Password"
      type="password"
      autoComplete="new-password"
      hint="At least 12 characters. Tell it by a way that is safe; it can be changed on the account's page."
      required
      minLength={12}
      maxLength={1024}
      {...props}
    />
  );
}
