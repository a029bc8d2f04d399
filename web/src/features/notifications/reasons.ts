const WORDS: Record<string, [short: string, sentence: string] | undefined> = {
  assigned: ["You are assigned", "The task was assigned to you."],
  created: ["You created it", "You created the task."],
  commented: ["You commented", "You commented on the task."],
  manual: ["You watch it", "You chose to watch the task."],
  requested: ["Sent to you", "Another service sent it to you."],
};

function words(reasons: readonly string[], at: 0 | 1): string[] {
  return reasons.flatMap((reason) => {
    const known = Object.hasOwn(WORDS, reason) ? WORDS[reason] : undefined;
    return known === undefined ? [] : [known[at]];
  });
}

/** Why somebody is told, in words; a reason that this page does not know yet is left out. */
export function reasonsInWords(reasons: readonly string[]): string {
  return words(reasons, 0).join(" · ");
}

/** The same, as a sentence for each reason, the strongest first. */
export function reasonSentences(reasons: readonly string[]): readonly string[] {
  return words(reasons, 1);
}
