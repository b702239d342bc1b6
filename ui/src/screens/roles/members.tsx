import { useQuery } from "@tanstack/react-query";
import { X } from "lucide-react";
import { type FormEvent, useState } from "react";
import { peopleQuery } from "../../api/people.ts";
import { useChange } from "../../api/query-client.ts";
import { addMember, membersQuery, type Role, removeMember } from "../../api/roles.ts";
import { Button, IconButton } from "../../parts/button.tsx";
import { Line } from "../../parts/lines.tsx";
import { ErrorState, SkeletonRows } from "../../parts/states.tsx";
import { TextField } from "../../parts/text-field.tsx";
import { sayFailed } from "../../parts/toast.tsx";

/** Who has a role. */
export function Members({ role }: { role: Role }) {
  const members = useQuery(membersQuery(role.id));
  const people = useQuery(peopleQuery());
  const [username, setUsername] = useState("");
  const add = useChange(addMember, ["roles", "grants"]);
  const remove = useChange(removeMember, ["roles", "grants"]);
  const error = members.error ?? people.error;
  if (error !== null) {
    return <ErrorState title="The members could not be listed" error={error} onRetry={() => void members.refetch()} />;
  }
  if (members.data === undefined || people.data === undefined) return <SkeletonRows rows={2} />;
  const names = new Map(people.data.map((person) => [person.id, person.username]));
  const found = members.data.map((id) => names.get(id)).filter((name) => name !== undefined);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    add.mutate({ role_id: role.id, username: username.trim() }, { onSuccess: () => setUsername("") });
  };
  return (
    <div className="flex min-w-0 flex-col gap-1">
      <h3 className="font-medium">Members</h3>
      {found.length === 0 && <p className="text-ink-muted">Nobody has this role.</p>}
      <ul aria-label={`Members of ${role.name}`}>
        {found.toSorted().map((name) => (
          <Line key={name} title={name}>
            <IconButton
              label={`Take the role of ${name}`}
              icon={<X size={14} aria-hidden />}
              disabled={remove.isPending}
              onClick={() =>
                remove.mutate(
                  { role_id: role.id, username: name },
                  { onError: (failure) => sayFailed("The role could not be taken.", failure) },
                )
              }
            />
          </Line>
        ))}
      </ul>
      <form onSubmit={submit} className="flex flex-wrap items-end gap-2">
        <TextField
          label="Somebody else"
          placeholder="Their name"
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          value={username}
          onValueChange={setUsername}
          className="min-w-0 flex-1 basis-32"
          error={add.error?.message}
        />
        <Button type="submit" isBusy={add.isPending} disabled={username.trim() === ""}>
          Add
        </Button>
      </form>
    </div>
  );
}
