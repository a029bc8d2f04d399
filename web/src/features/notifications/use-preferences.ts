import { useEffect, useState, useSyncExternalStore } from "react";

import {
  PreferencesStore,
  type PreferencesEvent,
  type PreferencesState,
} from "@/features/notifications/preferences-store";
import { useApi } from "@/lib/api-context";

/** Loads the preferences; again when the window is looked at, or the network is back. `onEvent` should be stable. */
export function usePreferences(
  onEvent: (event: PreferencesEvent) => void,
): PreferencesState & { store: PreferencesStore } {
  const { notifications } = useApi();
  const [store] = useState(() => new PreferencesStore(notifications));
  useEffect(() => store.onEvent(onEvent), [store, onEvent]);
  useEffect(() => {
    const load = () => void store.load();
    load();
    window.addEventListener("focus", load);
    window.addEventListener("online", load);
    return () => {
      window.removeEventListener("focus", load);
      window.removeEventListener("online", load);
    };
  }, [store]);
  return { ...useSyncExternalStore(store.subscribe, store.state), store };
}
