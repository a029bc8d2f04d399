const PATHS = {
  bell: "M8 2a4 4 0 0 0-4 4v2.6L2.8 11h10.4L12 8.6V6a4 4 0 0 0-4-4ZM6.6 13a1.5 1.5 0 0 0 2.8 0",
  plus: "M8 3.5v9M3.5 8h9",
  close: "M4 4l8 8M12 4l-8 8",
  check: "M3.5 8.5l3 3 6-7",
  checks: "M1.5 8.5l3 3 5-6.5M8 11.5l.5.5 6-7.5",
  more: "M3.5 8h.01M8 8h.01M12.5 8h.01",
  search: "M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10ZM10.7 10.7 14 14",
  chevron: "M4.5 6.5 8 10l3.5-3.5",
  eye: "M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8ZM8 9.7a1.7 1.7 0 1 0 0-3.4 1.7 1.7 0 0 0 0 3.4Z",
  trash: "M2.5 4h11M6 4V2.5h4V4M4 4l.6 9.5h6.8L12 4M6.6 6.8v4M9.4 6.8v4",
  person: "M8 7.5a2.75 2.75 0 1 0 0-5.5 2.75 2.75 0 0 0 0 5.5ZM2.8 14a5.2 5.2 0 0 1 10.4 0",
  comment: "M2.5 3.5h11v8H7.2L4 14v-2.5H2.5z",
  arrow: "M3 8h10M9 4l4 4-4 4",
  keyboard: "M1.5 4h13v8h-13zM4 6.5h.01M6.7 6.5h.01M9.3 6.5h.01M12 6.5h.01M5 9.5h6",
  leave: "M6.5 2.5h-4v11h4M6.5 8h7.5M11 5l3 3-3 3",
  offline: "M2 2l12 12M3 7a8 8 0 0 1 2.4-1.6M13 7a8 8 0 0 0-4.4-2M5.3 9.6A4.5 4.5 0 0 1 8 8.6M8 12.3h.01",
  board: "M2.5 2.5h3.2v11H2.5zM6.8 2.5h3v7h-3zM11 2.5h2.5v9H11z",
  digest: "M3 2.5h10M3 5.5h10M2.5 8.5h3l1 2h3l1-2h3v5h-11z",
  service: "M6 2v3M10 2v3M4 5h8v2.5a4 4 0 0 1-8 0zM8 11.5v2.5",
  muted: "M2 2l12 12M5 3.4A4 4 0 0 1 12 6v2.6L13.2 11M11 11H2.8L4 8.6V6M6.6 13a1.5 1.5 0 0 0 2.8 0",
  sliders:
    "M2.5 5h5M11.5 5h2M2.5 11h2M8.5 11h5M9.5 7a2 2 0 1 0 0-4 2 2 0 0 0 0 4ZM6.5 13a2 2 0 1 0 0-4 2 2 0 0 0 0 4Z",
  question:
    "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM6.3 6.3a1.75 1.75 0 1 1 2.6 1.5c-.6.35-.9.7-.9 1.2M8 11.2h.01",
  clock: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM8 4.8V8l2.2 1.5",
  undo: "M3 6.5h6.5a3.5 3.5 0 0 1 0 7H6M6 3.5l-3 3 3 3",
  link: "M9.5 3H13v3.5M13 3 7.5 8.5M11.5 9v4h-8.5V5h4",
} as const;

export type IconName = keyof typeof PATHS;

/** A drawing beside words, or inside a control that has a name: it says nothing itself. */
export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg
      aria-hidden="true"
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth={name === "more" ? 2.2 : 1.5}
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
