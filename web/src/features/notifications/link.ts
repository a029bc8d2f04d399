/** A link that leads into this page, as a path for its router; null for one that leads out or nowhere. */
export function pathInside(link: string | null): string | null {
  return link !== null && link.startsWith("/") && !link.startsWith("//") ? link : null;
}

/** A link to somewhere else, if it is one that a person may be sent to. */
export function addressOutside(link: string | null): string | null {
  return link?.startsWith("https://") === true ? link : null;
}
