/** Several views in one place. */
import { Tabs as Base } from "@base-ui/react/tabs";
import type { ReactNode } from "react";
import styles from "./Tabs.module.css";

export interface Tab<Name extends string> {
  name: Name;
  label: ReactNode;
  content: ReactNode;
}

interface Props<Name extends string> {
  tabs: readonly Tab<Name>[];
  /** Left out: the tabs keep it themselves. */
  value?: Name;
  onChange?: (name: Name) => void;
}

export function Tabs<Name extends string>({ tabs, value, onChange }: Props<Name>) {
  const chosen = value === undefined ? { defaultValue: tabs[0]?.name ?? null } : { value };
  return (
    <Base.Root {...chosen} onValueChange={(name: Name) => onChange?.(name)}>
      <Base.List className={styles.list}>
        {tabs.map(({ name, label }) => (
          <Base.Tab key={name} value={name} className={styles.tab}>
            {label}
          </Base.Tab>
        ))}
        <Base.Indicator className={styles.indicator} />
      </Base.List>
      {tabs.map(({ name, content }) => (
        <Base.Panel key={name} value={name} className={styles.panel}>
          {content}
        </Base.Panel>
      ))}
    </Base.Root>
  );
}
