import { Ellipsis, GripVertical } from "lucide-react";
import { type DragEvent, useState } from "react";
import { IconButton } from "../../parts/button.tsx";
import { FormDialog } from "../../parts/dialog.tsx";
import { Menu } from "../../parts/menu.tsx";
import { TextField } from "../../parts/text-field.tsx";
import { SectionToggle } from "../section-toggle.tsx";
import type { PanelDrawing } from "./panel-card.tsx";
import { PanelDialog } from "./panel-dialog.tsx";
import { PanelGrid } from "./panel-grid.tsx";
import { newPanel, type Panel } from "./panel-search.ts";

/** The panel or the section that is being made. */
export type Draft = Panel | "section";

/** The panels, and the order of their sections. */
export interface Workspace {
  readonly panels: readonly Panel[];
  readonly sections: readonly string[];
}

interface PanelSectionsProps extends PanelDrawing, Workspace {
  /** The width of the page, in px. */
  width: number;
  metricKeys: readonly string[];
  closed: readonly string[];
  onToggle: (section: string) => void;
  onChange: (next: Workspace) => void;
  draft: Draft | undefined;
  onDraftEnd: () => void;
}

/** Distinguishes a section of panels from a section of metrics with the same name. */
export const closedName = (section: string): string => `panels:${section}`;

/** Panels in the sections that readers named. Readers order the sections by dragging their heads, or by their menus. */
export function PanelSections(props: PanelSectionsProps) {
  const { panels, sections, width, metricKeys, closed, onToggle, onChange, draft, onDraftEnd, ...drawing } = props;
  const [edited, setEdited] = useState<Panel>();
  const [renamed, setRenamed] = useState<string>();
  const open = edited ?? (draft === "section" ? undefined : draft);
  const setPanels = (next: readonly Panel[]): void => onChange({ panels: next, sections });
  const isIn = ({ section }: Panel, name: string): boolean =>
    section === name || (name === "" && (section === undefined || !sections.includes(section)));
  const grid = (name: string) => (
    <PanelGrid
      {...drawing}
      width={width}
      panels={panels.filter((panel) => isIn(panel, name))}
      onChange={(next) => setPanels([...panels.filter((panel) => !isIn(panel, name)), ...next])}
      onEdit={setEdited}
      otherSections={["", ...sections].filter((one) => one !== name)}
      onSection={(panel, to) => {
        const others = panels.filter(({ id }) => id !== panel.id);
        setPanels([...others, { ...newPanel(others, { ...panel, section: to || undefined }), id: panel.id }]);
      }}
    />
  );
  const move = (name: string, to: number): void => {
    const others = sections.filter((one) => one !== name);
    onChange({ panels, sections: others.toSpliced(Math.max(0, Math.min(others.length, to)), 0, name) });
  };
  return (
    <>
      {panels.some((panel) => isIn(panel, "")) && grid("")}
      {sections.map((name, index) => (
        <PanelSection
          key={name}
          {...{ name, index, sections }}
          count={panels.filter((panel) => isIn(panel, name)).length}
          isOpen={!closed.includes(closedName(name))}
          onToggle={() => onToggle(closedName(name))}
          onMove={move}
          onRename={() => setRenamed(name)}
          onRemove={() =>
            onChange({
              panels: panels.filter((panel) => !isIn(panel, name)),
              sections: sections.filter((one) => one !== name),
            })
          }
        >
          {grid(name)}
        </PanelSection>
      ))}
      {open !== undefined && (
        <PanelDialog
          panel={open}
          isNew={edited === undefined}
          metricKeys={metricKeys}
          allX={drawing.settings.x}
          groupable={drawing.ownGroups?.fields}
          onSave={(panel) =>
            setPanels(
              edited === undefined ? [...panels, panel] : panels.map((one) => (one.id === panel.id ? panel : one)),
            )
          }
          onClose={() => {
            setEdited(undefined);
            onDraftEnd();
          }}
        />
      )}
      {(draft === "section" || renamed !== undefined) && (
        <SectionDialog
          name={renamed}
          sections={sections}
          onSave={(name) =>
            onChange(
              renamed === undefined
                ? { panels, sections: [...sections, name] }
                : {
                    panels: panels.map((panel) => (panel.section === renamed ? { ...panel, section: name } : panel)),
                    sections: sections.map((one) => (one === renamed ? name : one)),
                  },
            )
          }
          onClose={() => {
            setRenamed(undefined);
            onDraftEnd();
          }}
        />
      )}
    </>
  );
}

const DRAGGED = "application/x-trackflare-section";

interface PanelSectionProps {
  name: string;
  index: number;
  sections: readonly string[];
  count: number;
  isOpen: boolean;
  onToggle: () => void;
  onMove: (name: string, to: number) => void;
  onRename: () => void;
  onRemove: () => void;
  children: React.ReactNode;
}

function PanelSection(props: PanelSectionProps) {
  const { name, index, sections, count, isOpen, onToggle, onMove, onRename, onRemove, children } = props;
  const onDrop = (event: DragEvent): void => {
    const dropped = event.dataTransfer.getData(DRAGGED);
    if (!sections.includes(dropped) || dropped === name) return;
    event.preventDefault();
    onMove(dropped, index);
  };
  return (
    <section aria-label={name} className="pt-2">
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the menu does by keys what dragging does */}
      <div
        draggable
        onDragStart={(event) => event.dataTransfer.setData(DRAGGED, name)}
        onDragOver={(event) => event.dataTransfer.types.includes(DRAGGED) && event.preventDefault()}
        onDrop={onDrop}
        className="flex h-9 items-center gap-1"
      >
        <GripVertical size={14} aria-hidden className="shrink-0 cursor-grab text-ink-faint" />
        <h2 className="min-w-0 flex-1">
          <SectionToggle {...{ name, count, isOpen, onToggle }} />
        </h2>
        <Menu
          align="end"
          trigger={<IconButton label={`More of ${name}`} icon={<Ellipsis size={14} aria-hidden />} />}
          entries={[
            { label: "Rename…", onSelect: onRename },
            { label: "Move up", isDisabled: index === 0, onSelect: () => onMove(name, index - 1) },
            {
              label: "Move down",
              isDisabled: index === sections.length - 1,
              onSelect: () => onMove(name, index + 1),
            },
            null,
            { label: "Remove with its panels", isDangerous: true, onSelect: onRemove },
          ]}
        />
      </div>
      {isOpen &&
        (count > 0 ? (
          children
        ) : (
          <p className="py-2 text-ink-muted text-sm">No panels yet: move some here by their menus.</p>
        ))}
    </section>
  );
}

interface SectionDialogProps {
  /** Undefined for a new section. */
  name: string | undefined;
  sections: readonly string[];
  onSave: (name: string) => void;
  onClose: () => void;
}

const LONGEST_NAME = 80;

function SectionDialog({ name, sections, onSave, onClose }: SectionDialogProps) {
  const [draft, setDraft] = useState(name ?? "");
  const next = draft.trim();
  const isTaken = next !== name && sections.includes(next);
  return (
    <FormDialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title={name === undefined ? "New section" : "Rename the section"}
      submitLabel={name === undefined ? "Add" : "Rename"}
      canSubmit={next !== "" && !isTaken}
      onSubmit={async () => onSave(next)}
    >
      <TextField
        label="Name"
        value={draft}
        onValueChange={setDraft}
        maxLength={LONGEST_NAME}
        error={isTaken ? "There is a section of this name." : undefined}
        autoFocus
      />
    </FormDialog>
  );
}
