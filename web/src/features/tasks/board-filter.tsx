import { useCallback, useRef } from "react";

import { Avatar } from "@/components/avatar";
import { Icon } from "@/components/icon";
import { Menu, type MenuItem } from "@/components/menu";
import { useShortcut } from "@/components/shortcut";
import type { Task, User } from "@/features/tasks/api";

import styles from "./board-filter.module.css";

export interface Filter {
  text: string;
  /** `everyone`, `nobody`, or the id of a person. */
  assignee: string;
}

export function isShown(task: Task, { text, assignee }: Filter): boolean {
  if (!task.title.toLocaleLowerCase().includes(text.trim().toLocaleLowerCase())) return false;
  if (assignee === "everyone") return true;
  return assignee === "nobody" ? task.assignee === null : task.assignee?.id === assignee;
}

interface BoardFilterProps {
  filter: Filter;
  onChange: (filter: Filter) => void;
  people: readonly User[];
  meId: string;
}

export function BoardFilter({ filter, onChange, people, meId }: BoardFilterProps) {
  const input = useRef<HTMLInputElement>(null);
  useShortcut(
    "/",
    useCallback(() => input.current?.focus(), []),
  );

  const choice = (key: string, label: string, person: User | null): MenuItem => ({
    key,
    label,
    leading: key === "everyone" ? <Icon name="person" /> : <Avatar person={person} size="small" />,
    isChosen: filter.assignee === key,
    run: () => onChange({ ...filter, assignee: key }),
  });
  const others = people
    .filter(({ id }) => id !== meId)
    .sort((one, other) => one.name.localeCompare(other.name));
  const me = people.find(({ id }) => id === meId);
  const items = [
    choice("everyone", "Everyone", null),
    ...(me === undefined ? [] : [choice(me.id, "Assigned to me", me)]),
    choice("nobody", "Nobody", null),
    ...others.map((person) => choice(person.id, person.name, person)),
  ];
  const chosen = items.find(({ isChosen }) => isChosen) ?? items[0];

  return (
    <div className={styles.filter} role="search">
      <label className={styles.search}>
        <Icon name="search" size={14} />
        <input
          ref={input}
          type="search"
          aria-label="Filter tasks"
          placeholder="Filter tasks"
          value={filter.text}
          onChange={(event) => onChange({ ...filter, text: event.target.value })}
          onKeyDown={(event) => {
            if (event.key !== "Escape") return;
            onChange({ ...filter, text: "" });
            event.currentTarget.blur();
            // The focus goes on to the board, from where the keys go on.
            requestAnimationFrame(() => document.querySelector<HTMLElement>("[data-card]")?.focus());
          }}
        />
        <kbd aria-hidden="true">/</kbd>
      </label>
      <Menu label={`Show tasks of: ${chosen?.label ?? ""}`} items={items} className={styles.menu}>
        {chosen?.leading}
        <span>{chosen?.label}</span>
        <Icon name="chevron" size={12} />
      </Menu>
    </div>
  );
}
