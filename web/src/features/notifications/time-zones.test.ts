import { describe, expect, it } from "vitest";

import { placeOf, zoneGroups, zoneToOffer } from "@/features/notifications/time-zones";

describe("time zones", () => {
  it.each([
    ["UTC", "Europe/Berlin", "Europe/Berlin"],
    ["UTC", "Etc/UTC", null],
    ["Europe/Paris", "Europe/Berlin", null],
  ])("with %s stored and %s here offer %s", (stored, here, offered) => {
    expect(zoneToOffer(stored, here)).toBe(offered);
  });

  it("are read as places", () => {
    expect(placeOf("America/Argentina/Buenos_Aires")).toBe("Argentina, Buenos Aires");
    expect(placeOf("UTC")).toBe("UTC");
  });

  it("are grouped, with UTC and the stored one among them, each once", () => {
    const groups = zoneGroups(["Europe/Paris", "Asia/Calcutta", "Europe/Berlin"], "Asia/Kolkata");
    expect(groups.map(({ name, zones }) => [name, zones.map(({ label }) => label)])).toEqual([
      ["Universal", ["UTC"]],
      ["Europe", ["Berlin", "Paris"]],
      ["Asia", ["Calcutta", "Kolkata"]],
    ]);
  });
});
