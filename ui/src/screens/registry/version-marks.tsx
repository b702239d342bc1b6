import { useQuery } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { type FormEvent, useState } from "react";
import { type ModelVersion, STAGES, type Stage, transitionStage } from "../../api/model-versions.ts";
import { useChange } from "../../api/query-client.ts";
import { deleteAlias, registeredModelQuery, setAlias } from "../../api/registered-models.ts";
import { Tag } from "../../parts/badges.tsx";
import { Button } from "../../parts/button.tsx";
import { classNames } from "../../parts/class-names.ts";
import { ConfirmDialog } from "../../parts/dialog.tsx";
import { Popover } from "../../parts/popover.tsx";
import { Select } from "../../parts/select.tsx";
import { TextField } from "../../parts/text-field.tsx";
import { sayFailed } from "../../parts/toast.tsx";
import { Checkbox } from "../../parts/toggles.tsx";
import type { Rights } from "../access/rights.ts";

interface AliasesProps {
  version: ModelVersion;
  rights: Rights;
}

/** The aliases of a version, to set, move here and remove. */
export function Aliases({ version: { name, version, aliases = [] }, rights: { mayEdit, mayManage } }: AliasesProps) {
  const [isOpen, setOpen] = useState(false);
  const [alias, setText] = useState("");
  const [problem, setProblem] = useState<string>();
  const model = useQuery(registeredModelQuery(name));
  const set = useChange(setAlias, ["model-versions", "registered-models"]);
  const remove = useChange(deleteAlias, ["model-versions", "registered-models"]);
  const holder = model.data?.aliases?.find((held) => held.alias === alias.trim())?.version;
  const isMove = holder !== undefined && holder !== version;
  const save = (event: FormEvent): void => {
    event.preventDefault();
    set.mutateAsync({ name, alias: alias.trim(), version }).then(
      () => {
        setOpen(false);
        setText("");
      },
      (error: Error) => setProblem(error.message),
    );
  };
  return (
    <div className="flex flex-wrap items-center gap-1">
      {aliases.map((held) => (
        <Tag
          key={held}
          name={`@${held}`}
          {...(mayManage && {
            onRemove: () =>
              void remove
                .mutateAsync({ name, alias: held })
                .catch((error: unknown) => sayFailed("The alias could not be removed.", error)),
          })}
        />
      ))}
      {mayEdit && (
        <Popover
          title="Set an alias"
          isOpen={isOpen}
          onOpenChange={(next) => {
            setProblem(undefined);
            setOpen(next);
          }}
          trigger={
            <Button
              kind="quiet"
              icon={<Plus size={14} aria-hidden />}
              className={classNames("h-6 text-ink-muted text-sm", aliases.length === 0 && "-ml-2.5")}
            >
              Add alias
            </Button>
          }
        >
          <form onSubmit={save} className="flex w-60 flex-col gap-2">
            <TextField
              label="Alias"
              hint={isMove ? `Moves here from version ${holder}.` : "Such as champion."}
              error={problem}
              value={alias}
              onValueChange={(next) => {
                setProblem(undefined);
                setText(next);
              }}
              required
            />
            <Button
              type="submit"
              kind="primary"
              isBusy={set.isPending}
              disabled={alias.trim() === ""}
              className="self-end"
            >
              {isMove ? "Move alias" : "Set alias"}
            </Button>
          </form>
        </Popover>
      )}
    </div>
  );
}

/** The stage of a version, and the way to another. */
export function StagePicker({ version: { name, version, current_stage } }: { version: ModelVersion }) {
  const [next, setNext] = useState<Stage>();
  const [isArchiving, setArchiving] = useState(false);
  const move = useChange(transitionStage, ["model-versions", "registered-models"]);
  const canArchive = next === "Staging" || next === "Production";
  return (
    <>
      <Select
        label="Stage"
        value={current_stage}
        onValueChange={(stage) => {
          setArchiving(false);
          if (stage !== current_stage) setNext(stage);
        }}
        options={STAGES.map((stage) => ({ value: stage, label: stage }))}
      />
      <ConfirmDialog
        isOpen={next !== undefined}
        onOpenChange={(isOpen) => !isOpen && setNext(undefined)}
        title={`Move version ${version} to ${next ?? ""}?`}
        description={
          canArchive ? (
            <Checkbox
              label={`Archive the versions that are in ${next} now`}
              isOn={isArchiving}
              onChange={setArchiving}
            />
          ) : (
            "Versions in other stages stay there."
          )
        }
        confirmLabel="Move"
        onConfirm={() =>
          move.mutateAsync({
            name,
            version,
            stage: next ?? current_stage,
            archive_existing_versions: canArchive && isArchiving,
          })
        }
      />
    </>
  );
}
