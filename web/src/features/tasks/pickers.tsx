import { Avatar } from "@/components/avatar";
import { Icon } from "@/components/icon";
import { Menu, type MenuItem } from "@/components/menu";
import type { Status, User } from "@/features/tasks/api";
import { StatusIcon } from "@/features/tasks/status-icon";
import { STATUSES, statusName } from "@/features/tasks/statuses";

import styles from "./pickers.module.css";

export function statusItems(chosen: Status, onPick: (status: Status) => void): MenuItem[] {
  return STATUSES.map(({ status, name }) => ({
    key: status,
    label: name,
    leading: <StatusIcon status={status} />,
    isChosen: status === chosen,
    run: () => onPick(status),
  }));
}

export function StatusPicker({ status, onPick }: { status: Status; onPick: (status: Status) => void }) {
  return (
    <Menu
      label={`Status: ${statusName(status)}`}
      items={statusItems(status, onPick)}
      className={styles.picker}
    >
      <StatusIcon status={status} />
      <span>{statusName(status)}</span>
      <Icon name="chevron" size={12} />
    </Menu>
  );
}

interface AssigneePickerProps {
  assignee: User | null;
  people: readonly User[];
  meId: string;
  onPick: (assignee: User | null) => void;
}

export function AssigneePicker({ assignee, people, meId, onPick }: AssigneePickerProps) {
  const ordered = [...people].sort((one, other) =>
    one.id === meId ? -1 : other.id === meId ? 1 : one.name.localeCompare(other.name),
  );
  const items: MenuItem[] = [
    {
      key: "nobody",
      label: "Nobody",
      leading: <Avatar person={null} size="small" />,
      isChosen: assignee === null,
      run: () => onPick(null),
    },
    ...ordered.map((person) => ({
      key: person.id,
      label: person.name,
      leading: <Avatar person={person} size="small" />,
      isChosen: person.id === assignee?.id,
      ...(person.id === meId && { hint: "you" }),
      run: () => onPick(person),
    })),
  ];
  const name = assignee?.name ?? "Nobody";
  return (
    <Menu label={`Assignee: ${name}`} items={items} className={styles.picker}>
      <Avatar person={assignee} size="small" />
      <span>{name}</span>
      <Icon name="chevron" size={12} />
    </Menu>
  );
}
