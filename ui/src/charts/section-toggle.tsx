import { ChevronDown, ChevronRight } from "lucide-react";

interface SectionToggleProps {
  name: string;
  /** How many charts or panels the section has. */
  count: number;
  isOpen: boolean;
  onToggle: () => void;
}

/** The name of a section, which opens and closes it. */
export function SectionToggle({ name, count, isOpen, onToggle }: SectionToggleProps) {
  const Chevron = isOpen ? ChevronDown : ChevronRight;
  return (
    <button
      type="button"
      aria-expanded={isOpen}
      onClick={onToggle}
      className="flex h-8 w-full min-w-0 items-center gap-1 text-left hover:bg-hover"
    >
      <Chevron size={14} aria-hidden className="shrink-0 text-ink-muted" />
      <span className="truncate">{name}</span>
      <span className="font-normal text-ink-faint">{count}</span>
    </button>
  );
}
