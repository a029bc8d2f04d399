import { describe, expect, it } from "vitest";

import { nextDaily, nextHourly, sayMoment } from "@/features/notifications/digest-times";

const at = (moment: string) => Date.parse(moment);
const iso = (moment: number) => new Date(moment).toISOString();

describe("the next hourly digest", () => {
  it.each([
    ["2026-06-01T10:20:30Z", "Europe/Berlin", "2026-06-01T11:00:00.000Z"],
    ["2026-06-01T10:00:00Z", "UTC", "2026-06-01T11:00:00.000Z"],
    // Clocks of Kolkata are half an hour off.
    ["2026-06-01T10:20:00Z", "Asia/Kolkata", "2026-06-01T10:30:00.000Z"],
    // The hour from two to three comes twice in this night, and each has its own digest.
    ["2026-10-25T00:30:00Z", "Europe/Berlin", "2026-10-25T01:00:00.000Z"],
    ["2026-10-25T01:00:00Z", "Europe/Berlin", "2026-10-25T02:00:00.000Z"],
  ])("after %s in %s is at %s", (now, zone, next) => {
    expect(iso(nextHourly(at(now), zone))).toBe(next);
  });
});

describe("the next daily digest", () => {
  it.each([
    ["2026-06-01T06:59:59Z", "Europe/Berlin", "09:00", "2026-06-01T07:00:00.000Z"],
    ["2026-06-01T07:00:00Z", "Europe/Berlin", "09:00", "2026-06-02T07:00:00.000Z"],
    ["2026-06-01T23:30:00Z", "Asia/Tokyo", "09:00", "2026-06-02T00:00:00.000Z"],
    ["2026-06-01T07:00:00Z", "Pacific/Kiritimati", "22:30", "2026-06-01T08:30:00.000Z"],
    // Half past two is skipped in this night, so it is an hour later.
    ["2026-03-28T20:00:00Z", "Europe/Berlin", "02:30", "2026-03-29T01:30:00.000Z"],
    // It comes twice in this one, and the first counts.
    ["2026-10-24T20:00:00Z", "Europe/Berlin", "02:30", "2026-10-25T00:30:00.000Z"],
    ["2026-10-25T00:30:00Z", "Europe/Berlin", "02:30", "2026-10-26T01:30:00.000Z"],
    ["2026-03-29T12:00:00Z", "Europe/Berlin", "09:00", "2026-03-30T07:00:00.000Z"],
  ])("after %s in %s at %s is at %s", (now, zone, dailyAt, next) => {
    expect(iso(nextDaily(at(now), zone, dailyAt))).toBe(next);
  });
});

describe("a moment in words", () => {
  it.each([
    ["2026-06-01T11:00:00Z", "Europe/Berlin", "today at 1:00 PM"],
    ["2026-06-02T07:00:00Z", "Europe/Berlin", "tomorrow at 9:00 AM"],
    ["2026-06-01T23:00:00Z", "Europe/Berlin", "tomorrow at 1:00 AM"],
    ["2026-06-03T07:00:00Z", "UTC", "on Wednesday at 7:00 AM"],
  ])("%s in %s is %s", (moment, zone, words) => {
    expect(sayMoment(at(moment), at("2026-06-01T10:20:00Z"), zone).replace("\u202f", " ")).toBe(words);
  });
});
