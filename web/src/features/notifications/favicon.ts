const PLAIN = "/favicon.svg";
const UNREAD = "/favicon-unread.svg";

/** Puts a dot on the icon of the tab while something is unread; the number stands in the title. */
export function markFavicon(page: Document, isUnread: boolean): void {
  const icon = page.querySelector<HTMLLinkElement>('link[rel="icon"]');
  const wanted = isUnread ? UNREAD : PLAIN;
  if (icon !== null && icon.getAttribute("href") !== wanted) icon.setAttribute("href", wanted);
}
