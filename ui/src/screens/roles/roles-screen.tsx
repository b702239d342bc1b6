import { useQuery } from "@tanstack/react-query";
import { MoreHorizontal, Plus } from "lucide-react";
import { useState } from "react";
import { useChange } from "../../api/query-client.ts";
import { createRole, deleteRole, type Role, rolesQuery, updateRole } from "../../api/roles.ts";
import { Button, IconButton } from "../../parts/button.tsx";
import { ConfirmDialog, FormDialog } from "../../parts/dialog.tsx";
import { LazyMenu } from "../../parts/lazy-menu.tsx";
import { Section, TextPage } from "../../parts/lines.tsx";
import { EmptyState, ErrorState, SkeletonRows } from "../../parts/states.tsx";
import { TextField } from "../../parts/text-field.tsx";
import { useBreadcrumbs } from "../../shell/breadcrumbs.tsx";
import { Members } from "./members.tsx";
import { RoleGrants } from "./role-grants.tsx";

type Doing = { kind: "create" } | { kind: "change" | "delete"; role: Role };

/** Roles: grants that several people share, for admins. */
export function RolesScreen() {
  useBreadcrumbs([{ label: "Roles" }]);
  const roles = useQuery(rolesQuery());
  const [doing, setDoing] = useState<Doing>();
  if (roles.data === undefined) {
    return roles.isError ? (
      <ErrorState title="The roles could not be listed" error={roles.error} onRetry={() => void roles.refetch()} />
    ) : (
      <SkeletonRows rows={12} />
    );
  }
  return (
    <TextPage title="Roles">
      <div className="flex flex-wrap items-center gap-2">
        <p className="min-w-0 flex-1 basis-64 text-ink-muted">
          The members of a role have its grants, besides their own. A deny among them wins; otherwise the highest
          counts.
        </p>
        <Button kind="primary" icon={<Plus size={14} aria-hidden />} onClick={() => setDoing({ kind: "create" })}>
          New role
        </Button>
      </div>
      {roles.data.length === 0 && (
        <EmptyState title="No roles yet">
          A role gives a team the same grants, such as “readers of all models”.
        </EmptyState>
      )}
      {roles.data.map((role) => (
        <Section
          key={role.id}
          title={role.name}
          actions={
            <LazyMenu
              trigger={(onClick) => (
                <IconButton
                  label={`What to do with ${role.name}`}
                  icon={<MoreHorizontal size={14} aria-hidden />}
                  {...(onClick && { onClick })}
                />
              )}
              entries={() => [
                { label: "Rename or describe…", onSelect: () => setDoing({ kind: "change", role }) },
                null,
                { label: "Delete…", isDangerous: true, onSelect: () => setDoing({ kind: "delete", role }) },
              ]}
            />
          }
        >
          {role.description && <p className="text-ink-muted wrap-anywhere">{role.description}</p>}
          <div className="flex flex-col gap-4 border-line border-t pt-2">
            <Members role={role} />
            <RoleGrants role={role} />
          </div>
        </Section>
      ))}
      {doing !== undefined && <RoleDialog doing={doing} onClose={() => setDoing(undefined)} />}
    </TextPage>
  );
}

function RoleDialog({ doing, onClose }: { doing: Doing; onClose: () => void }) {
  const role = doing.kind === "create" ? undefined : doing.role;
  const [name, setName] = useState(role?.name ?? "");
  const [description, setDescription] = useState(role?.description ?? "");
  const create = useChange(createRole, ["roles"]);
  const change = useChange(updateRole, ["roles", "grants"]);
  const remove = useChange(deleteRole, ["roles", "grants"]);
  const dialog = { isOpen: true, onOpenChange: (isOpen: boolean) => !isOpen && onClose() };
  if (doing.kind === "delete") {
    return (
      <ConfirmDialog
        {...dialog}
        title={`Delete ${doing.role.name}?`}
        description="Its members lose its grants. Their accounts and their own grants stay. This cannot be undone."
        confirmLabel="Delete"
        isDangerous
        onConfirm={() => remove.mutateAsync(doing.role.id)}
      />
    );
  }
  const submit = (): Promise<unknown> => {
    const words = { name: name.trim(), description: description.trim() };
    return role === undefined ? create.mutateAsync(words) : change.mutateAsync({ role_id: role.id, ...words });
  };
  return (
    <FormDialog
      {...dialog}
      title={role === undefined ? "New role" : `Change ${role.name}`}
      submitLabel={role === undefined ? "Create" : "Save"}
      onSubmit={submit}
      canSubmit={name.trim() !== ""}
    >
      <TextField label="Name" required autoFocus maxLength={255} value={name} onValueChange={setName} />
      <TextField
        label="Description"
        hint="Who it is for."
        maxLength={1024}
        value={description}
        onValueChange={setDescription}
      />
    </FormDialog>
  );
}
