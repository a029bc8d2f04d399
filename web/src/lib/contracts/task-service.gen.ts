// Generated from contracts/schemas by `npm run generate`; not edited by hand.

export type paths = Record<string, never>;
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** AccessToken */
        AccessToken: {
            /** Access Token */
            access_token: string;
            /**
             * Token Type
             * @default Bearer
             * @constant
             */
            token_type: "Bearer";
            /**
             * Expires In
             * @description Seconds
             */
            expires_in: number;
        };
        /** Account */
        Account: {
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Name */
            name: string;
            /** Email */
            email: string;
        };
        /**
         * ChangeTaskRequest
         * @description Only what is named is changed; `null` is a value of `assignee_id` alone.
         */
        ChangeTaskRequest: {
            /** Title */
            title?: string;
            /** Description */
            description?: string;
            status?: components["schemas"]["TaskStatus"];
            /** Assignee Id */
            assignee_id?: string | null;
        };
        /** Comment */
        Comment: {
            /**
             * Id
             * Format: uuid
             */
            id: string;
            author: components["schemas"]["Person"];
            /** Body */
            body: string;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
        };
        /** CommentPage */
        CommentPage: {
            /** Items */
            items: components["schemas"]["Comment"][];
            /** Next Cursor */
            next_cursor: string | null;
        };
        /** CommentRequest */
        CommentRequest: {
            /** Body */
            body: string;
        };
        /** CreateTaskRequest */
        CreateTaskRequest: {
            /** Title */
            title: string;
            /**
             * Description
             * @default
             */
            description: string;
            /** @default todo */
            status: components["schemas"]["TaskStatus"];
            /** Assignee Id */
            assignee_id?: string | null;
        };
        /**
         * ErasedService
         * @description `waiting` has not answered yet, `pending` has erased all but what goes by itself, by the times given.
         */
        ErasedService: {
            /** Service */
            service: string;
            /**
             * State
             * @enum {string}
             */
            state: "waiting" | "pending" | "complete";
            /** Completed At */
            completed_at: string | null;
            /** Removed */
            removed: components["schemas"]["Removed"][];
            /** Pending */
            pending: components["schemas"]["Pending"][];
        };
        /**
         * ErasureReceipt
         * @description What was erased where. It names nobody; whoever knows `id` may read it.
         */
        ErasureReceipt: {
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /**
             * Requested At
             * Format: date-time
             */
            requested_at: string;
            /** Completed At */
            completed_at: string | null;
            /** Services */
            services: components["schemas"]["ErasedService"][];
        };
        /** ErasureRequest */
        ErasureRequest: {
            /** Password */
            password: string;
        };
        /** ExportService */
        ExportService: {
            /** Service */
            service: string;
            state: components["schemas"]["HolderState"];
        };
        /**
         * ExportState
         * @enum {string}
         */
        ExportState: "gathering" | "ready" | "expired";
        /**
         * ExportStatus
         * @description `file` is where the file is once the export is `ready`, until `expires_at`.
         */
        ExportStatus: {
            /**
             * Id
             * Format: uuid
             */
            id: string;
            state: components["schemas"]["ExportState"];
            /**
             * Requested At
             * Format: date-time
             */
            requested_at: string;
            /**
             * Expires At
             * Format: date-time
             */
            expires_at: string;
            /** Services */
            services: components["schemas"]["ExportService"][];
            /** File */
            file: string | null;
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
         * HolderState
         * @description `missing` is a service that has not answered wholly in good time; it may still.
         * @enum {string}
         */
        HolderState: "gathering" | "complete" | "missing";
        /** KeySet */
        KeySet: {
            /** Keys */
            keys: components["schemas"]["PublishedKey"][];
        };
        /** LoginRequest */
        LoginRequest: {
            /** Email */
            email: string;
            /** Password */
            password: string;
        };
        /** OwnAccount */
        OwnAccount: {
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Name */
            name: string;
            /** Email */
            email: string;
            /**
             * Role
             * @enum {string}
             */
            role: "member" | "administrator";
        };
        /** PasswordRequest */
        PasswordRequest: {
            /** Old */
            old: string;
            /** New */
            new: string;
        };
        /** Pending */
        Pending: {
            /** What */
            what: string;
            /**
             * Gone By
             * Format: date-time
             */
            gone_by: string;
        };
        /** Person */
        Person: {
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Name */
            name: string;
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
        ProblemType: "invalid_request" | "unauthenticated" | "forbidden" | "not_found" | "method_not_allowed" | "email_taken" | "last_administrator" | "not_ready" | "version_conflict" | "payload_too_large" | "unsupported_media_type" | "too_many_requests" | "internal_error" | "unavailable";
        /**
         * PublicAddresses
         * @description Where the page finds the APIs (origins without a path) and the socket (its whole address).
         */
        PublicAddresses: {
            /** Apiurl */
            apiUrl: string;
            /** Notificationsurl */
            notificationsUrl: string;
            /** Socketurl */
            socketUrl: string;
        };
        /**
         * PublishedKey
         * @description A public Ed25519 key. Source: RFC 8037, section 2.
         */
        PublishedKey: {
            /** Kid */
            kid: string;
            /**
             * Kty
             * @constant
             */
            kty: "OKP";
            /**
             * Crv
             * @constant
             */
            crv: "Ed25519";
            /** X */
            x: string;
            /**
             * Use
             * @constant
             */
            use: "sig";
            /**
             * Alg
             * @constant
             */
            alg: "EdDSA";
        };
        /** RegisterRequest */
        RegisterRequest: {
            /** Email */
            email: string;
            /** Name */
            name: string;
            /** Password */
            password: string;
        };
        /** Removed */
        Removed: {
            /** What */
            what: string;
            /** Count */
            count: number;
        };
        /** RenameRequest */
        RenameRequest: {
            /** Name */
            name: string;
        };
        /** Task */
        Task: {
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Title */
            title: string;
            /** Description */
            description: string;
            status: components["schemas"]["TaskStatus"];
            assignee: components["schemas"]["Person"] | null;
            creator: components["schemas"]["Person"];
            /** Version */
            version: number;
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
        };
        /** TaskPage */
        TaskPage: {
            /** Items */
            items: components["schemas"]["Task"][];
            /** Next Cursor */
            next_cursor: string | null;
        };
        /**
         * TaskStatus
         * @enum {string}
         */
        TaskStatus: "todo" | "in_progress" | "in_review" | "done";
        /**
         * WatchReason
         * @description Why somebody watches a task; the strongest comes first.
         * @enum {string}
         */
        WatchReason: "assigned" | "created" | "commented" | "manual";
        /**
         * Watcher
         * @description `reason` is the strongest of the watcher's reasons.
         */
        Watcher: {
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Name */
            name: string;
            reason: components["schemas"]["WatchReason"];
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
