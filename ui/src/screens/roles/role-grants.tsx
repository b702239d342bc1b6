import { X } from "lucide-react";
import { type FormEvent, useState } from "react";
import type { GrantLevel } from "../../api/grants.ts";
import { useChange } from "../../api/query-client.ts";
import {
  addRoleGrant,
  changeRoleGrant,
  type Role,
  type RoleGrant,
  type RoleType,
  removeRoleGrant,
} from "../../api/roles.ts";
import { Button, IconButton } from "../../parts/button.tsx";
import { Line } from "../../parts/lines.tsx";
import { Select } from "../../parts/select.tsx";
import { TextField } from "../../parts/text-field.tsx";
import { sayFailed } from "../../parts/toast.tsx";
import { LEVELS } from "../access/levels.ts";

const ALL = "*";

const TYPES: readonly { value: RoleType; label: string; all: string; idHint?: string }[] = [
  { value: "experiment", label: "Experiment", all: "All experiments", idHint: "Its id" },
  { value: "registered_model", label: "Registered model", all: "All registered models", idHint: "Its name" },
  { value: "prompt", label: "Prompt", all: "All prompts", idHint: "Its name" },
  { value: "run", label: "Runs of all experiments", all: "All runs" },
  { value: "logged_model", label: "Logged models of all experiments", all: "All logged models" },
];

function words({ resource_type, resource_pattern }: RoleGrant): string {
  const type = TYPES.find(({ value }) => value === resource_type);
  if (resource_pattern === ALL) return type?.all ?? `All of ${resource_type}`;
  return `${type?.label ?? resource_type} ${resource_pattern}`;
}

/** What a role allows. */
export function RoleGrants({ role }: { role: Role }) {
  const change = useChange(changeRoleGrant, ["roles", "grants"]);
  const remove = useChange(removeRoleGrant, ["roles", "grants"]);
  const onError = (error: Error) => sayFailed("The grant could not be changed.", error);
  return (
    <div className="flex min-w-0 flex-col gap-1">
      <h3 className="font-medium">Grants</h3>
      {role.permissions.length === 0 && <p className="text-ink-muted">It grants nothing yet.</p>}
      <ul aria-label={`Grants of ${role.name}`}>
        {role.permissions.map((grant) => (
          <Line key={grant.id} title={words(grant)}>
            <Select
              label={`Level on ${words(grant)}`}
              value={grant.permission}
              onValueChange={(permission) => change.mutate({ role_permission_id: grant.id, permission }, { onError })}
              options={LEVELS}
              isDisabled={change.isPending}
              className="w-36"
            />
            <IconButton
              label={`Take the grant on ${words(grant)}`}
              icon={<X size={14} aria-hidden />}
              disabled={remove.isPending}
              onClick={() => remove.mutate(grant.id, { onError })}
            />
          </Line>
        ))}
      </ul>
      <NewGrant role={role} />
    </div>
  );
}

function NewGrant({ role }: { role: Role }) {
  const [type, setType] = useState<RoleType>("experiment");
  const [pattern, setPattern] = useState("");
  const [permission, setPermission] = useState<GrantLevel>("READ");
  const add = useChange(addRoleGrant, ["roles", "grants"]);
  const hint = TYPES.find(({ value }) => value === type)?.idHint;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const resource_pattern = hint === undefined ? ALL : pattern.trim() || ALL;
    add.mutate(
      { role_id: role.id, resource_type: type, resource_pattern, permission },
      { onSuccess: () => setPattern("") },
    );
  };
  return (
    <form onSubmit={submit} className="flex flex-wrap items-end gap-2">
      <Select label="Kind" value={type} onValueChange={setType} options={TYPES} className="w-40" />
      {hint !== undefined && (
        <TextField
          label="Which"
          placeholder={`${hint}; empty for all`}
          autoComplete="off"
          spellCheck={false}
          value={pattern}
          onValueChange={setPattern}
          className="min-w-0 flex-1 basis-32"
        />
      )}
      <Select label="Level" value={permission} onValueChange={setPermission} options={LEVELS} className="w-36" />
      <Button type="submit" isBusy={add.isPending}>
        Grant
      </Button>
      {add.error !== null && (
        <p role="alert" className="basis-full text-danger text-sm">
          {add.error.message}
        </p>
      )}
    </form>
  );
}
