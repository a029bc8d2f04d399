const WORDS: Record<string, string | undefined> = {
  assigned: "You are assigned",
  created: "You created it",
  commented: "You commented",
  manual: "You watch it",
  requested: "Sent to you",
};

/** Why somebody is told, in words; a reason that this page does not know yet is left out. */
export function reasonsInWords(reasons: readonly string[]): string {
  return reasons
    .map((reason) => WORDS[reason])
    .filter((words) => words !== undefined)
    .join(" · ");
}
