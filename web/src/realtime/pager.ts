import { NOTHING_LISTED, isPushed, reachesAsFarAs, withChange, withPage } from "@/realtime/listing";
import type { Inbox } from "@/realtime/inbox";
import type { Listing, LogChange, Page } from "@/realtime/listing";

/**
 * Fetches one listing of the server page by page, and keeps what was fetched equal to the server's.
 *
 * What the log says while a page is under way is applied to the page as well, since it may have been read before. A
 * sync that starts the inbox anew leaves unknown what became of the pages: they stay on the screen and are fetched
 * again, down to where they were, before the new ones take their place.
 */
export type More =
  | "idle"
  | "loading"
  | "failed"
  /** There are no more. */
  | "end"
  /** There are more, and this window holds as many as it may. */
  | "full";

/** A change, and the inbox after it. */
type Said = readonly [LogChange, Inbox];

export interface PagerParts {
  fetchPage: (cursor: string | null) => Promise<Page>;
  onChange: () => void;
}

/** The most that is held of one listing. */
export const LISTED_ROWS = 5_000;
/** Beyond this the listing is let go and begins again at the top: so much came in live while it was open. */
const MOST_ROWS = 2 * LISTED_ROWS;
/** Pages asked for in a row, for one wish; more than a full listing has. */
const PAGES_IN_A_ROW = 120;
/** More happening during one page is not kept; the page is asked for again. */
const CHANGES_DURING_A_PAGE = 1_000;

export class Pager {
  #listing = NOTHING_LISTED;
  /** The listing as it is fetched again after the inbox was started anew; null before its first page. */
  #fresh: Listing | null = null;
  #isStale = false;
  #isLoading = false;
  #hasFailed = false;
  /** What was said since the page under way was asked for; null when that page can be of no use. */
  #during: readonly Said[] | null = [];
  readonly #parts: PagerParts;

  constructor(parts: PagerParts) {
    this.#parts = parts;
  }

  get listing(): Listing {
    return this.#listing;
  }

  /** The rows may be out of date in ways that the log does not tell. */
  get isStale(): boolean {
    return this.#isStale;
  }

  get more(): More {
    if (this.#isLoading) return "loading";
    if (this.#hasFailed) return "failed";
    if (this.#listing.isWhole) return "end";
    return this.#listing.rows.size >= LISTED_ROWS ? "full" : "idle";
  }

  /** Fetches on, until a page holds something that `isNew`; one at a time. */
  async load(isNew: (id: string) => boolean = () => true): Promise<void> {
    if (this.#isLoading) return;
    if (!this.#isStale && (this.#listing.isWhole || this.#listing.rows.size >= LISTED_ROWS)) return;
    this.#isLoading = true;
    this.#hasFailed = false;
    this.#parts.onChange();
    try {
      this.#hasFailed = !(await this.#fetch(isNew));
    } catch {
      this.#hasFailed = true;
    }
    this.#isLoading = false;
    this.#parts.onChange();
  }

  apply(change: LogChange, inbox: Inbox): void {
    if (!isPushed(change) && change.reset) {
      this.#fresh = null;
      this.#during = null;
      this.#isStale = this.#listing !== NOTHING_LISTED;
      if (this.#isStale) void this.load();
      return;
    }
    if (this.#during !== null)
      this.#during = this.#during.length < CHANGES_DURING_A_PAGE ? [...this.#during, [change, inbox]] : null;
    if (this.#fresh !== null) this.#fresh = withChange(this.#fresh, change, inbox);
    this.#listing = withChange(this.#listing, change, inbox);
    // Fetching again has failed before, and the server answers now.
    if (this.#isStale && !isPushed(change)) void this.load();
    if (this.#listing.rows.size <= MOST_ROWS) return;
    this.#listing = NOTHING_LISTED;
    this.#during = null;
  }

  /** False if it came to no end. */
  async #fetch(isNew: (id: string) => boolean): Promise<boolean> {
    for (let pages = 0; pages < PAGES_IN_A_ROW; pages += 1) {
      this.#during = [];
      const page = await this.#parts.fetchPage(this.#base().cursor);
      const during = this.#saidDuring();
      if (during === null) continue;
      const grown = during.reduce(
        (listing, [change, inbox]) => withChange(listing, change, inbox),
        withPage(this.#base(), page),
      );
      if (this.#isStale && !reachesAsFarAs(grown, this.#listing) && grown.rows.size < LISTED_ROWS) {
        this.#fresh = grown;
        continue;
      }
      const wasStale = this.#isStale;
      this.#listing = grown;
      this.#fresh = null;
      this.#isStale = false;
      if (wasStale || grown.isWhole || page.items.some(({ id }) => isNew(id))) return true;
    }
    return false;
  }

  #saidDuring(): readonly Said[] | null {
    return this.#during;
  }

  #base(): Listing {
    return this.#isStale ? (this.#fresh ?? NOTHING_LISTED) : this.#listing;
  }
}
