/** What the bell opens, in one piece that is fetched when somebody comes near the bell. */
export { NotificationsDropdown } from "@/features/notifications/notifications-dropdown";
export { NotificationsPanel } from "@/features/notifications/notifications-panel";
