import { lazy } from "react";

import { SurfaceNotThere } from "@/features/notifications/surface-not-there";

/** The page starts without what the bell opens; it is fetched soon after, or at once when somebody comes near the bell. */
const fetchSurfaces = () => import("@/features/notifications/surfaces");

export function preloadSurfaces(): void {
  // Whoever opens one is told; here nobody waits for it.
  fetchSurfaces().catch(() => undefined);
}

export const NotificationsDropdown = lazy(async () => {
  try {
    return { default: (await fetchSurfaces()).NotificationsDropdown };
  } catch {
    return { default: SurfaceNotThere };
  }
});

export const NotificationsPanel = lazy(async () => {
  try {
    return { default: (await fetchSurfaces()).NotificationsPanel };
  } catch {
    return { default: SurfaceNotThere };
  }
});
