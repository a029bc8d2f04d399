// Generated from contracts/schemas by `npm run generate`; not edited by hand.

export type paths = Record<string, never>;
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * Actor
         * @description `id` is None where another service named nobody we know; `name` says "a former member" after an erasure.
         */
        Actor: {
            /** Id */
            id: string | null;
            /** Name */
            name: string;
        };
        /**
         * FieldProblem
         * @description `where` is a path into the request, like `body.title` or `query.limit`.
         */
        FieldProblem: {
            /** Where */
            where: string;
            /** Message */
            message: string;
        };
        /**
         * InboxChanges
         * @description What changed in an inbox; with `reset`, a whole new start that replaces what was held before.
         *
         *     `items` come in the order of `(seq, id)`.
         */
        InboxChanges: {
            /** Items */
            items: components["schemas"]["Notification"][];
            /** Removed Ids */
            removed_ids: string[];
            /** Latest Seq */
            latest_seq: number;
            /** Unread Count */
            unread_count: number;
            /** Reset */
            reset: boolean;
        };
        /**
         * Marks
         * @description Either `id`, perhaps with the `seq` that was seen, or `ids`.
         */
        Marks: {
            /** Id */
            id?: string | null;
            /** Seq */
            seq?: number | null;
            /** Ids */
            ids?: (string | components["schemas"]["SeenNotification"])[] | null;
        };
        /**
         * Notification
         * @description A notification as people see it; `seq` is the number of its latest change in their inbox.
         */
        Notification: {
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Seq */
            seq: number;
            /** Type */
            type: string;
            /** Message */
            message: string;
            /** Task Id */
            task_id: string | null;
            /** Link */
            link: string | null;
            actor: components["schemas"]["Actor"] | null;
            /** Reasons */
            reasons: string[];
            /** Count */
            count: number;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /**
             * Updated At
             * Format: date-time
             */
            updated_at: string;
            /** Read At */
            read_at: string | null;
        };
        /** Problem */
        Problem: {
            type: components["schemas"]["ProblemType"];
            /** Title */
            title: string;
            /** Status */
            status: number;
            /** Detail */
            detail: string;
            /**
             * Errors
             * @default []
             */
            errors: components["schemas"]["FieldProblem"][];
        };
        /**
         * ProblemType
         * @description A stable word for each kind of problem; a client decides by it, never by the text.
         * @enum {string}
         */
        ProblemType: "invalid_request" | "unauthenticated" | "forbidden" | "not_found" | "method_not_allowed" | "email_taken" | "version_conflict" | "payload_too_large" | "unsupported_media_type" | "too_many_requests" | "internal_error" | "unavailable";
        /**
         * ReadAll
         * @description What changed after `up_to_seq` stays unread.
         */
        ReadAll: {
            /** Up To Seq */
            up_to_seq: number;
        };
        /**
         * SeenNotification
         * @description A notification as it was seen: with `seq`, one that has changed since is left as it is.
         */
        SeenNotification: {
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Seq */
            seq?: number | null;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
