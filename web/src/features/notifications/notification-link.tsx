import type { ReactNode } from "react";
import { Link } from "react-router";

import { addressOutside, pathInside } from "@/features/notifications/link";

interface NotificationLinkProps {
  link: string | null;
  onFollow: () => void;
  className: string | undefined;
  children: ReactNode;
}

/** Where it leads: into the page, out of it, or (its task was deleted) nowhere. Each can be reached by the keyboard. */
export function NotificationLink({ link, onFollow, className, children }: NotificationLinkProps) {
  const inside = pathInside(link);
  const outside = addressOutside(link);
  const about = { className, "data-row": "", onClick: onFollow };
  if (inside !== null)
    return (
      <Link to={inside} {...about}>
        {children}
      </Link>
    );
  if (outside !== null)
    return (
      <a href={outside} target="_blank" rel="noreferrer" {...about}>
        {children}
      </a>
    );
  return (
    <button type="button" {...about}>
      {children}
    </button>
  );
}
