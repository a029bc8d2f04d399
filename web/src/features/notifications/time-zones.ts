export const UTC = "UTC";

export interface ZoneGroup {
  name: string;
  zones: readonly { zone: string; label: string }[];
}

/** The zone of this device, as the browser knows it. */
export function zoneHere(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** The zone of this device, for who has never chosen one: UTC is what holds until then. */
export function zoneToOffer(stored: string, here: string): string | null {
  const isUniversal = (zone: string) => /^(?:Etc\/)?(?:UTC|GMT|UCT|Universal|Zulu)$/u.test(zone);
  return isUniversal(stored) && !isUniversal(here) && here !== "" ? here : null;
}

/** `America/Argentina/Buenos_Aires` as people read it: the place, without its part of the world. */
export function placeOf(zone: string): string {
  const [, ...places] = zone.split("/");
  return (places.length === 0 ? zone : places.join(", ")).replaceAll("_", " ");
}

/** All zones by their part of the world; what is stored is among them, though this browser may not know it. */
export function zoneGroups(all: readonly string[], stored: string): readonly ZoneGroup[] {
  const groups = new Map<string, string[]>();
  for (const zone of new Set([UTC, ...all, stored])) {
    const name = zone.includes("/") ? (zone.split("/")[0] ?? zone) : "Universal";
    groups.set(name, [...(groups.get(name) ?? []), zone]);
  }
  return [...groups].map(([name, zones]) => ({
    name,
    zones: zones
      .map((zone) => ({ zone, label: placeOf(zone) }))
      .sort((one, other) => one.label.localeCompare(other.label)),
  }));
}
