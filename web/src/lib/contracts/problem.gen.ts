// Generated from contracts/schemas by `npm run generate`; not edited by hand.

/**
 * A stable word for each kind of problem; a client decides by it, never by the text.
 */
export type ProblemType =
  | "invalid_request"
  | "unauthenticated"
  | "forbidden"
  | "not_found"
  | "method_not_allowed"
  | "email_taken"
  | "last_administrator"
  | "not_ready"
  | "version_conflict"
  | "payload_too_large"
  | "unsupported_media_type"
  | "too_many_requests"
  | "internal_error"
  | "unavailable";

export interface Problem {
  type: ProblemType;
  title: string;
  status: number;
  detail: string;
  errors: FieldProblem[];
}
/**
 * `where` is a path into the request, like `body.title` or `query.limit`.
 */
export interface FieldProblem {
  where: string;
  message: string;
}
