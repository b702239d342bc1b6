import { Tabs as Base } from "@base-ui/react/tabs";
import type { ReactNode } from "react";
import { classNames } from "./class-names.ts";

export interface TabItem<Value extends string> {
  value: Value;
  label: string;
  icon?: ReactNode;
  /** Shown beside the label. */
  count?: number;
}

interface TabsProps<Value extends string> {
  label: string;
  value: Value;
  onValueChange: (value: Value) => void;
  tabs: readonly TabItem<Value>[];
  /** The panel of the chosen tab: only it is mounted. */
  children: ReactNode;
  /** At the end of the row. */
  end?: ReactNode;
  className?: string;
}

/** A row of tabs over one panel that fills the rest of the height. */
export function Tabs<Value extends string>(props: TabsProps<Value>) {
  const { label, value, onValueChange, tabs, children, end, className } = props;
  return (
    <Base.Root
      value={value}
      onValueChange={(next: Value) => onValueChange(next)}
      className={classNames("flex min-h-0 flex-1 flex-col", className)}
    >
      <div className="flex shrink-0 items-center border-line border-b">
        <Base.List
          aria-label={label}
          activateOnFocus={false}
          className="-mb-px flex min-w-0 flex-1 gap-4 overflow-x-auto px-3 wide:px-4"
        >
          {tabs.map((tab) => (
            <Base.Tab
              key={tab.value}
              value={tab.value}
              className={
                "flex h-9 shrink-0 items-center gap-1.5 border-transparent border-b-2 text-ink-muted " +
                "-outline-offset-2 hover:text-ink data-active:border-accent data-active:text-ink"
              }
            >
              {tab.icon}
              {tab.label}
              {tab.count !== undefined && <span className="text-ink-faint text-sm">{tab.count}</span>}
            </Base.Tab>
          ))}
        </Base.List>
        {end !== undefined && <div className="shrink-0 pr-3 pl-2 wide:pr-4">{end}</div>}
      </div>
      <Base.Panel value={value} className="flex min-h-0 flex-1 flex-col overflow-auto -outline-offset-2">
        {children}
      </Base.Panel>
    </Base.Root>
  );
}
