export interface Person {
  id: string | null;
  name: string;
}

/** How many colours the avatars have: `--avatar-0` and on, in tokens.css. */
export const HUES = 12;

/** First letters of the first and the last word. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/u).filter(Boolean);
  const first = words[0] ?? "?";
  const last = words.length > 1 ? (words.at(-1) ?? "") : "";
  return (firstCharacter(first) + firstCharacter(last)).toLocaleUpperCase();
}

function firstCharacter(word: string): string {
  const [first] = new Intl.Segmenter().segment(word);
  return first?.segment ?? "";
}

/** The same person has the same colour everywhere, in every window. Source: FNV-1a, 32 bits, mixed as MurmurHash3 ends. */
export function hue(person: Person): number {
  let hash = 0x811c9dc5;
  for (const character of person.id ?? person.name) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  }
  // The low bits of FNV know only the low bits of each character, in which the people of one team hardly differ.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) % HUES;
}
