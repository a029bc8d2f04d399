export interface AccessToken {
  value: string;
  /** By this page's own clock (milliseconds), counted from when it came: clocks of page and server may differ. */
  expiresAt: number;
}

/**
 * Gives a token that is still good, and another than `worn`: one that was refused, or that ends soon.
 * Throws SessionEndedError when nobody is signed in any more.
 */
export type TokenSource = (worn: AccessToken | null) => Promise<AccessToken>;
