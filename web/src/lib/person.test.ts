import { expect, it } from "vitest";

import { hue, HUES, initials } from "@/lib/person";

it("people whose ids differ little have all the colours among them", () => {
  const people = Array.from({ length: 240 }, (_, at) => ({
    id: `01920f4e-7c1a-7000-8000-${String(at).padStart(12, "0")}`,
    name: "Ann",
  }));
  const counts = new Map<number, number>();
  for (const person of people) counts.set(hue(person), (counts.get(hue(person)) ?? 0) + 1);
  expect(counts.size).toBe(HUES);
  expect(Math.max(...counts.values())).toBeLessThan(2.5 * (people.length / HUES));
});

it("initials are of the first and the last word", () => {
  expect(initials("Ann Maria Miller")).toBe("AM");
});
