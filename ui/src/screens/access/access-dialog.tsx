import { useQuery } from "@tanstack/react-query";
import { X } from "lucide-react";
import { type FormEvent, useState } from "react";
import { type GrantedThing, type GrantLevel, type GrantOnThing, grantsQuery, setGrant } from "../../api/grants.ts";
import { useChange } from "../../api/query-client.ts";
import { sessionQuery } from "../../api/session.ts";
import { Button, IconButton } from "../../parts/button.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { Line } from "../../parts/lines.tsx";
import { Select } from "../../parts/select.tsx";
import { ErrorState, SkeletonRows } from "../../parts/states.tsx";
import { TextField } from "../../parts/text-field.tsx";
import { LEVELS } from "./levels.ts";

const DEFAULT_WORDS = {
  NO_PERMISSIONS: "sees nothing of it",
  READ: "may read it",
  USE: "may use it",
  EDIT: "may log to it and change it",
  MANAGE: "may manage it",
  DENY: "sees nothing of it",
} as const;

interface AccessDialogProps {
  /** The thing's name. */
  name: string;
  thing: GrantedThing;
  onClose: () => void;
}

/** The users who can see an experiment or a model, with their permissions, for users who manage it. */
export default function AccessDialog({ name, thing, onClose }: AccessDialogProps) {
  const list = useQuery(grantsQuery(thing));
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title={`Who can see ${name}`}
      width="medium"
      {...(list.data && {
        description: `Everybody else ${DEFAULT_WORDS[list.data.default_permission]}. Admins may do everything.`,
      })}
    >
      {list.error !== null && list.data === undefined ? (
        <ErrorState title="The grants could not be listed" error={list.error} onRetry={() => void list.refetch()} />
      ) : list.data === undefined ? (
        <SkeletonRows rows={3} />
      ) : (
        <>
          <ul aria-label="Grants">
            {list.data.grants.map((one) => (
              <GrantLine key={`${one.username ?? one.role_name} ${one.is_on_all}`} {...{ one, thing }} />
            ))}
          </ul>
          {list.data.grants.length === 0 && <p className="text-ink-muted">Nobody has a grant on it.</p>}
          <NewGrant thing={thing} />
        </>
      )}
    </Dialog>
  );
}

function GrantLine({ one, thing }: { one: GrantOnThing; thing: GrantedThing }) {
  const set = useChange(setGrant, ["grants"]);
  const me = useQuery(sessionQuery()).data?.user;
  const { username, role_name, permission, is_on_all } = one;
  const label = LEVELS.find(({ value }) => value === permission)?.label ?? permission;
  // A role's grant, or a grant on all things of the kind, cannot be changed at this thing.
  const isOwn = username !== null && !is_on_all;
  const isMine = username === me?.username && !me?.is_admin;
  const about = role_name !== null ? "a role" : is_on_all ? "on all of the kind" : isMine ? "you" : undefined;
  return (
    <Line title={username ?? role_name} {...(about !== undefined && { about })}>
      {isOwn && !isMine ? (
        <>
          <Select
            label={`What ${username} may do`}
            value={permission}
            onValueChange={(next) => set.mutate({ ...thing, username, permission: next })}
            options={LEVELS}
            isDisabled={set.isPending}
            className="w-36"
          />
          <IconButton
            label={`Take the grant of ${username}`}
            icon={<X size={14} aria-hidden />}
            disabled={set.isPending}
            onClick={() => set.mutate({ ...thing, username })}
          />
        </>
      ) : (
        <span className="text-ink-muted">{label}</span>
      )}
      {set.error !== null && (
        <p role="alert" className="basis-full text-danger text-sm">
          {set.error.message}
        </p>
      )}
    </Line>
  );
}

function NewGrant({ thing }: { thing: GrantedThing }) {
  const [username, setUsername] = useState("");
  const [permission, setPermission] = useState<GrantLevel>("READ");
  const set = useChange(setGrant, ["grants"]);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    set.mutate({ ...thing, username: username.trim(), permission }, { onSuccess: () => setUsername("") });
  };
  return (
    <form onSubmit={submit} className="mt-2 flex flex-wrap items-end gap-2 border-line border-t pt-3">
      <TextField
        label="Somebody else"
        placeholder="Their name"
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        value={username}
        onValueChange={setUsername}
        className="flex-1 basis-40"
        error={set.error?.message}
      />
      <Select label="They may" value={permission} onValueChange={setPermission} options={LEVELS} className="w-36" />
      <Button type="submit" kind="primary" isBusy={set.isPending} disabled={username.trim() === ""}>
        Grant
      </Button>
    </form>
  );
}
