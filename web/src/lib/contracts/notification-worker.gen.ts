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
         * EventReference
         * @description An event, as CloudEvents names it: by `source` and `id` together.
         */
        EventReference: {
            /** Source */
            source: string;
            /** Id */
            id: string;
            /** Type */
            type: string;
            /**
             * Time
             * Format: date-time
             */
            time: string;
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
         * Frequency
         * @description When a person is told of a type: at once, with the digest of the hour or the day, or not at all.
         * @enum {string}
         */
        Frequency: "instant" | "hourly" | "daily" | "off";
        /**
         * HistoryPage
         * @description `next_cursor` is null on the last page.
         */
        HistoryPage: {
            /** Items */
            items: components["schemas"]["Notification"][];
            /** Next Cursor */
            next_cursor: string | null;
        };
        /**
         * InboxChanges
         * @description What changed in an inbox; with `reset`, a whole new start that replaces what was held before.
         *
         *     `items` come in the order of `(seq, id)`. What was read is shown for `history_days` after its creation.
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
            /** History Days */
            history_days: number;
        };
        /**
         * JudgedEvent
         * @description What became of an event for one person.
         *
         *     `notification_id` is that of the row that stands for the event. It is null unless the outcome is `told`, and also
         *     for `told` when the row is gone since it is too old.
         */
        JudgedEvent: {
            event: components["schemas"]["EventReference"];
            /** Actor Id */
            actor_id: string | null;
            outcome: components["schemas"]["Outcome"];
            /** Notification Id */
            notification_id: string | null;
        };
        /** JudgedEvents */
        JudgedEvents: {
            /** Items */
            items: components["schemas"]["JudgedEvent"][];
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
         * Member
         * @description One of the events that a notification stands for, as it would have been shown alone.
         */
        Member: {
            /**
             * Id
             * Format: uuid
             */
            id: string;
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
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
        };
        /**
         * MembersPage
         * @description `next_cursor` is null on the last page.
         */
        MembersPage: {
            /** Items */
            items: components["schemas"]["Member"][];
            /** Next Cursor */
            next_cursor: string | null;
        };
        /** MutedTask */
        MutedTask: {
            /**
             * Task Id
             * Format: uuid
             */
            task_id: string;
            /**
             * Muted At
             * Format: date-time
             */
            muted_at: string;
        };
        /**
         * MutedTasksPage
         * @description `next_cursor` is null on the last page.
         */
        MutedTasksPage: {
            /** Items */
            items: components["schemas"]["MutedTask"][];
            /** Next Cursor */
            next_cursor: string | null;
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
        /**
         * NotificationPreferences
         * @description How often each type is told: Taskify's own but `digest`, and kinds of other services.
         *
         *     `timezone` is a name of the IANA database, `daily_at` the time of that zone's clocks at which the daily digest
         *     comes.
         */
        NotificationPreferences: {
            /** Timezone */
            timezone: string;
            /** Daily At */
            daily_at: string;
            /** Types */
            types: {
                [key: string]: components["schemas"]["Frequency"];
            };
        };
        /**
         * Outcome
         * @description What became of an event for one person: told, to be told, or the rule that held it back.
         * @enum {string}
         */
        Outcome: "told" | "waits_for_digest" | "own_action" | "muted" | "preference" | "not_watching" | "not_the_assignee" | "withdrawn";
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
        ProblemType: "invalid_request" | "unauthenticated" | "forbidden" | "not_found" | "method_not_allowed" | "email_taken" | "last_administrator" | "not_ready" | "version_conflict" | "payload_too_large" | "unsupported_media_type" | "too_many_requests" | "internal_error" | "unavailable";
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
        /**
         * TaskMuting
         * @description `muted_at` is null for a task that is not muted: most are not, and to ask is no mistake.
         */
        TaskMuting: {
            /**
             * Task Id
             * Format: uuid
             */
            task_id: string;
            /** Muted At */
            muted_at: string | null;
        };
        /**
         * WantedPreferences
         * @description What is to hold from now on; a type that is not named is told at once, and a kind need not have been seen.
         */
        WantedPreferences: {
            /** Timezone */
            timezone: string;
            /** Daily At */
            daily_at: string;
            /** Types */
            types: {
                [key: string]: components["schemas"]["Frequency"];
            };
        };
        /**
         * Why
         * @description The event that a notification began with, and all reasons; a digest comes from no event, only its members do.
         */
        Why: {
            event: components["schemas"]["EventReference"] | null;
            /** Reasons */
            reasons: string[];
            /** Count */
            count: number;
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
