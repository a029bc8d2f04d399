import type { KeyboardEvent } from "react";

import styles from "./tabs.module.css";

export interface Tab<Key extends string> {
  key: Key;
  label: string;
  /** Beside the label; zero is not shown. */
  count?: number;
}

interface TabsProps<Key extends string> {
  label: string;
  tabs: readonly Tab<Key>[];
  chosen: Key;
  onChoose: (key: Key) => void;
  /** Of the panel that the tabs change. */
  panelId: string;
}

const STEPS: Record<string, (at: number, count: number) => number> = {
  ArrowRight: (at, count) => (at + 1) % count,
  ArrowLeft: (at, count) => (at - 1 + count) % count,
  Home: () => 0,
  End: (_at, count) => count - 1,
};

/** The id of a tab, by which its panel is named. */
export function tabId(panelId: string, key: string): string {
  return `${panelId}-${key}`;
}

/** Tabs over one panel, which the arrows choose, as the ARIA practices describe. */
export function Tabs<Key extends string>({ label, tabs, chosen, onChoose, panelId }: TabsProps<Key>) {
  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>) => {
    const step = STEPS[event.key];
    if (step === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const next =
      tabs[
        step(
          tabs.findIndex(({ key }) => key === chosen),
          tabs.length,
        )
      ];
    if (next === undefined) return;
    onChoose(next.key);
    document.getElementById(tabId(panelId, next.key))?.focus();
  };
  return (
    <div role="tablist" aria-label={label} className={styles.tabs} tabIndex={-1} onKeyDown={onKeyDown}>
      {tabs.map(({ key, label: name, count = 0 }) => (
        <button
          key={key}
          type="button"
          role="tab"
          id={tabId(panelId, key)}
          aria-selected={key === chosen}
          aria-controls={panelId}
          tabIndex={key === chosen ? 0 : -1}
          className={styles.tab}
          onClick={() => onChoose(key)}
        >
          {name}
          {count > 0 && <span className={styles.count}>{count}</span>}
        </button>
      ))}
    </div>
  );
}
