// Generated from contracts/schemas by `npm run generate`; not edited by hand.

export const CLOSE_CODES = {
  "1009": {
    "name": "FRAME_TOO_BIG",
    "meaning": "a frame was larger than 16 KiB",
    "come_back": "never"
  },
  "1012": {
    "name": "RESTARTING",
    "meaning": "this gateway is restarting",
    "come_back": "with_backoff"
  },
  "1013": {
    "name": "OVERLOADED",
    "meaning": "this gateway takes no more connections now",
    "come_back": "with_backoff"
  },
  "4002": {
    "name": "TOO_SLOW",
    "meaning": "the window did not read what was sent to it",
    "come_back": "with_backoff"
  },
  "4400": {
    "name": "MALFORMED",
    "meaning": "a frame was not JSON, binary, unknown or untimely",
    "come_back": "never"
  },
  "4401": {
    "name": "UNAUTHENTICATED",
    "meaning": "the token is bad, expired, or its session ended",
    "come_back": "with_new_token"
  },
  "4408": {
    "name": "NO_TOKEN_IN_TIME",
    "meaning": "no token came in time",
    "come_back": "with_backoff"
  },
  "4409": {
    "name": "TOO_MANY_CONNECTIONS",
    "meaning": "one person has too many connections",
    "come_back": "never"
  },
  "4429": {
    "name": "TOO_MANY_MESSAGES",
    "meaning": "the window sent too many messages",
    "come_back": "with_backoff"
  }
} as const;

export type ComeBack = (typeof CLOSE_CODES)[keyof typeof CLOSE_CODES]["come_back"];
