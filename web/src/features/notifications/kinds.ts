import type { IconName } from "@/components/icon";

interface Kind {
  /** As the heading of a choice. */
  name: string;
  /** As the object of a sentence. */
  objects: string;
  about: string;
  icon: IconName;
}

const KINDS: Record<string, Kind | undefined> = {
  task_assigned: {
    name: "Assignments",
    objects: "assignments",
    about: "Somebody assigns you a task",
    icon: "person",
  },
  status_changed: {
    name: "Status changes",
    objects: "status changes",
    about: "A task that you watch moves to another column",
    icon: "board",
  },
  comment_added: {
    name: "Comments",
    objects: "comments",
    about: "Somebody comments on a task that you watch",
    icon: "comment",
  },
  digest: { name: "Digests", objects: "digests", about: "What waited, in one notification", icon: "digest" },
};

/** What a type of notification is for a person; a kind of another service is read as the words that it is made of. */
export function kindOf(type: string): Kind {
  const known = Object.hasOwn(KINDS, type) ? KINDS[type] : undefined;
  if (known !== undefined) return known;
  const words = type.replaceAll("_", " ").trim();
  const name = words.charAt(0).toUpperCase() + words.slice(1);
  return { name, objects: `‘${name}’`, about: "Sent by another service", icon: "service" };
}
