// Written by `npm run types` from the coordinator's OpenAPI description.

export interface paths {
    "/api/artifacts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Upload */
        post: operations["ApiArtifactsUpload"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/artifacts/{sha256}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Download */
        get: operations["ApiArtifactsSha256Download"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/challenge": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Challenge */
        post: operations["ApiAuthChallengeChallenge"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/verify": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Verify */
        post: operations["ApiAuthVerifyVerify"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/job-types": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Index */
        get: operations["ApiJobTypesIndex"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/job-types/{job_type}/files/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** ExampleFile */
        get: operations["ApiJobTypesJobTypeFilesNameExampleFile"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/jobs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Index */
        get: operations["ApiJobsIndex"];
        put?: never;
        /** Create */
        post: operations["ApiJobsCreate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/jobs/{job_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One */
        get: operations["ApiJobsJobIdOne"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/jobs/{job_id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Cancel */
        post: operations["ApiJobsJobIdCancelCancel"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/jobs/{job_id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** JobEvents */
        get: operations["ApiJobsJobIdEventsJobEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/jobs/{job_id}/explain": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Explain */
        get: operations["ApiJobsJobIdExplainExplain"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/jobs/{job_id}/receipt": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Receipt */
        get: operations["ApiJobsJobIdReceiptReceipt"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/jobs/{job_id}/result": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Result */
        post: operations["ApiJobsJobIdResultResult"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/jobs/quote": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Quote */
        post: operations["ApiJobsQuoteQuote"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/jobs/stats/summary": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Stats */
        get: operations["ApiJobsStatsSummaryStats"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Index */
        get: operations["ApiKeysIndex"];
        put?: never;
        /** Create */
        post: operations["ApiKeysCreate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/keys/{key_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Revoke */
        delete: operations["ApiKeysKeyIdRevoke"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Overview */
        get: operations["ApiMetricsOverview"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/metrics/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Health */
        get: operations["ApiMetricsHealthHealth"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/metrics/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** History */
        get: operations["ApiMetricsHistoryHistory"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/metrics/jobs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Jobs */
        get: operations["ApiMetricsJobsJobs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/metrics/nodes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Nodes */
        get: operations["ApiMetricsNodesNodes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/metrics/update": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Update */
        post: operations["ApiMetricsUpdateUpdate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/metrics/validation": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Validation */
        get: operations["ApiMetricsValidationValidation"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/nodes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Index */
        get: operations["ApiNodesIndex"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/nodes/{node_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One */
        get: operations["ApiNodesNodeIdOne"];
        put?: never;
        post?: never;
        /** Deregister */
        delete: operations["ApiNodesNodeIdDeregister"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/nodes/{node_id}/frames": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Exchange */
        post: operations["ApiNodesNodeIdFramesExchange"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/nodes/{node_id}/heartbeat": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Heartbeat */
        post: operations["ApiNodesNodeIdHeartbeatHeartbeat"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/nodes/register": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Register */
        post: operations["ApiNodesRegisterRegister"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/nodes/wallet/{wallet}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** OfWallet */
        get: operations["ApiNodesWalletOfWallet"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/wallets/{wallet}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One */
        get: operations["ApiWalletsOne"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/wallets/{wallet}/earnings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Earnings */
        get: operations["ApiWalletsEarningsEarnings"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/wallets/{wallet}/payouts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Payouts */
        get: operations["ApiWalletsPayoutsPayouts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/wallets/{wallet}/statement": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Statement */
        get: operations["ApiWalletsStatementStatement"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/wallets/{wallet}/withdraw": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Withdraw */
        post: operations["ApiWalletsWithdrawWithdraw"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Health */
        get: operations["HealthHealth"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Prometheus */
        get: operations["MetricsPrometheus"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * Activity
         * @description What happened in a span of time.
         */
        Activity: {
            /** @description HYPER. */
            hyperPaid: number;
            jobs: number;
            nodesRegistered: number;
        };
        /**
         * Anchor
         * @description A Merkle root of receipts on the chain.
         */
        Anchor: {
            receipts: number;
            /** @description Hex. */
            root: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC, milliseconds.
             */
            timestamp: string;
            txSignature: string;
        };
        /**
         * Anchoring
         * @description The chain transaction that holds the tree's root.
         */
        Anchoring: {
            genesisHash: string;
            slot: number;
            transaction: string;
        };
        /**
         * AnswerChallenge
         * @description The signed text.
         */
        AnswerChallenge: {
            message: string;
            /** @description base58 or base64 of 64 bytes. */
            signature: string;
            /**
             * @description A Solana address: base58 of 32 bytes.
             * @example 9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusVFin
             */
            walletAddress: string;
        };
        /**
         * ApiKey
         * @description An API key, without its secret.
         */
        ApiKey: {
            /**
             * Format: date-time
             * @description ISO 8601, UTC, milliseconds.
             */
            createdAt: string;
            expiresAt: string | null;
            keyId: string;
            name: string;
            revokedAt: string | null;
            scopes: string[];
            spendingLimit: (number) | null;
            /** @description HYPER. */
            spent: number;
        };
        /**
         * ArtifactRef
         * @description A file by its content.
         */
        ArtifactRef: {
            /** @description Relative path that the job gave it. */
            name: string;
            /**
             * Format: sha256
             * @description SHA-256 of the content, in hex.
             */
            sha256: string;
            /** @description Bytes. */
            size: number;
        };
        /**
         * ArtifactStored
         * @description Answer to an upload.
         */
        ArtifactStored: {
            artifact: components["schemas"]["ArtifactRef"];
            success: boolean;
        };
        /**
         * AskChallenge
         * @description A wallet that wants to sign in.
         */
        AskChallenge: {
            /**
             * @description A Solana address: base58 of 32 bytes.
             * @example 9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusVFin
             */
            walletAddress: string;
        };
        /**
         * Assurance
         * @description What checking the customer chose.
         * @enum {unknown}
         */
        Assurance: "always" | "none" | "sampled";
        /**
         * Blockchain
         * @description Which chain, and where to look.
         */
        Blockchain: {
            /** @description Signs the chain transactions that anchor receipts. */
            anchorKey: string;
            explorerUrl: string;
            genesisHash: string;
            hyperTokenDecimals: number;
            hyperTokenMint: string;
            lastAnchor: components["schemas"]["Anchor"] | null;
            network: string;
            programIds: components["schemas"]["Programs"];
            /** @description Signs receipts. */
            receiptKey: string;
            /** @description An RPC for anybody's browser; null where none is known. */
            rpcUrl: string | null;
            tokenProgram: string;
            /** @description The wallet whose token account takes deposits. */
            vault: string;
            /** @description Where deposits go: an ordinary SPL transfer. */
            vaultTokenAccount: string;
        };
        /**
         * CancelJob
         * @description Withdraw a job.
         */
        CancelJob: {
            /** @default false */
            stopRunning?: boolean;
            /** @default null */
            walletAddress?: string | null;
        };
        /**
         * Challenge
         * @description The text to sign (Sign-In With Solana), byte for byte.
         */
        Challenge: {
            /**
             * Format: date-time
             * @description ISO 8601, UTC, milliseconds.
             */
            expiresAt: string;
            message: string;
            nonce: string;
            success: boolean;
        };
        /**
         * CostRange
         * @description What a job may cost. It is never more than its budget.
         */
        CostRange: {
            /** @description At the most that a matching node asks: for all units that such an input can take, or for all of `maxDuration`. HYPER. */
            highest: number;
            /** @description At the least that a matching node asks: for the fewest units that such an input can take; where it asks by the hour, for as long as jobs of this type took lately (0 where none did). HYPER. */
            lowest: number;
        };
        /**
         * CreateJob
         * @description What a customer asks for.
         */
        CreateJob: {
            /** @default sampled */
            assurance?: components["schemas"]["Assurance"];
            /**
             * @description HYPER: a number or a decimal string with at most 6 decimals.
             * @default 0
             * @example 10
             * @example 0.5
             */
            budget?: number | string;
            /** @default {} */
            input?: {
                [key: string]: unknown;
            };
            jobType: string;
            /**
             * @description Seconds.
             * @default 3600
             */
            maxDuration?: number;
            /** @default default */
            model?: string;
            /**
             * @description Spread over at most so many child jobs.
             * @default 1
             */
            parts?: number;
            /** @default 0 */
            priority?: number;
            requirements?: components["schemas"]["Requirements"];
            /**
             * @description A Solana address: base58 of 32 bytes.
             * @example 9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusVFin
             */
            walletAddress: string;
            /** @description Not served yet, and so refused: follow the job's events instead. */
            webhookUrl?: null;
        };
        /**
         * CreateKey
         * @description An API key for a program or an agent.
         */
        CreateKey: {
            /** @default null */
            expiresIn?: number | null;
            /** @default  */
            name?: string;
            scopes?: string[];
            /**
             * @description The most that jobs of this key may hold, all together.
             * @default null
             */
            spendingLimit?: (number | string) | null;
            /** @default null */
            walletAddress?: string | null;
        };
        /**
         * Deregister
         * @description Who asks.
         */
        Deregister: {
            /** @default null */
            walletAddress?: string | null;
        };
        /**
         * Earning
         * @description What one job brought a provider.
         */
        Earning: {
            /** @description The provider's part of it. HYPER. */
            amount: number;
            /** @description The job whose result this one checked. */
            auditOf: string | null;
            /** @description What the customer paid. HYPER. */
            cost: number;
            /**
             * Format: date-time
             * @description ISO 8601, UTC, milliseconds.
             */
            earnedAt: string;
            jobId: string;
            jobType: string;
            model: string;
            nodeId: string;
            /** @description Null: no payout has gathered it yet. */
            payout: components["schemas"]["PayoutView"] | null;
            /** @description HYPER per hour that the node asked when it got the job. HYPER. */
            price: number;
            /** @enum {string} */
            status: "cancelled" | "completed" | "failed";
            unit: string;
            /** @description What it asked for the job type's unit of price instead. */
            unitPrice: (number) | null;
            units: number;
            /** @enum {string} */
            verdict: "passed" | "failed" | "unverified";
        };
        /**
         * EarningList
         * @description Paid jobs of a wallet's nodes, newest first.
         */
        EarningList: {
            count: number;
            earnings: components["schemas"]["Earning"][];
            nextCursor: string | null;
            success: boolean;
        };
        /**
         * EngineOffer
         * @description A job type that the node can run.
         */
        EngineOffer: {
            /** @description It can check what other nodes report for this job type. */
            audits: boolean;
            engine: string;
            jobType: string;
            /** @description The first is what `default` means here. */
            models: string[];
            /** @description HYPER for the job type's unit of price; None: priced by time. */
            pricePerUnit: string | null;
            /** @description Those loaded already. */
            warmModels: string[];
        };
        /**
         * Event
         * @description Something that happened to a job.
         */
        Event: {
            /**
             * Format: date-time
             * @description ISO 8601, UTC, milliseconds.
             */
            at: string;
            data: {
                [key: string]: unknown;
            };
            jobId: string;
            /** @enum {string} */
            kind: "status" | "progress" | "log" | "stream" | "checkpoint" | "verification" | "payout" | "receipt";
            seq: number;
        };
        /**
         * ExampleFile
         * @description A file that the example needs: upload what `url` gives before.
         */
        ExampleFile: {
            /** @description Relative path that the job gave it. */
            name: string;
            /**
             * Format: sha256
             * @description SHA-256 of the content, in hex.
             */
            sha256: string;
            /** @description Bytes. */
            size: number;
            url: string;
        };
        /**
         * ExampleJob
         * @description A body of POST /api/jobs, but for the wallet.
         */
        ExampleJob: {
            /**
             * @description HYPER: a number or a decimal string with at most 6 decimals.
             * @example 10
             * @example 0.5
             */
            budget: number | string;
            input: {
                [key: string]: unknown;
            };
            jobType: string;
            maxDuration: number;
            model: string;
            requirements: {
                [key: string]: unknown;
            };
        };
        /**
         * Explanation
         * @description Why a job waits.
         */
        Explanation: {
            freeMatchingNodes: number;
            matchingNodes: number;
            needed: (number) | null;
            obstacles: components["schemas"]["Obstacle"][];
            /** @description Those that were looked at: 2,000 at most, but for a quote that matches. */
            onlineNodes: number;
            relaxation: components["schemas"]["Relaxation"] | null;
            sentence: string;
            /** @enum {string} */
            status: "pending" | "queued" | "running" | "completed" | "failed" | "cancelled";
        };
        /**
         * ExplanationAnswer
         * @description The explanation.
         */
        ExplanationAnswer: {
            explanation: components["schemas"]["Explanation"];
            success: boolean;
        };
        /**
         * FramesAnswer
         * @description The coordinator's frames for a node that polls.
         */
        FramesAnswer: {
            frames: unknown[];
            success: boolean;
        };
        /**
         * Health
         * @description Whether the coordinator can do its work.
         */
        Health: {
            down: string[];
            service: string;
            status: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC, milliseconds.
             */
            timestamp: string;
        };
        /**
         * Heartbeat
         * @description A sign of life. A node that holds leases renews them all.
         */
        Heartbeat: {
            /** @default {} */
            metrics?: {
                [key: string]: unknown;
            };
            /**
             * @description online, busy or draining: then it gets no more jobs until it is online again.
             * @default null
             */
            status?: string | null;
        };
        /**
         * HeartbeatAnswer
         * @description When the next one is due.
         */
        HeartbeatAnswer: {
            message: string;
            /** @description Milliseconds. */
            nextHeartbeatIn: number;
            success: boolean;
        };
        /**
         * History
         * @description The network over time.
         */
        History: {
            bucketSeconds: number;
            /** @description Oldest first, none left out. */
            points: components["schemas"]["HistoryPoint"][];
            /** @enum {unknown} */
            window: "24h" | "30d" | "7d";
        };
        /**
         * HistoryAnswer
         * @description The history.
         */
        HistoryAnswer: {
            history: components["schemas"]["History"];
            success: boolean;
        };
        /**
         * HistoryPoint
         * @description What happened from a time on, for as long as a bucket is; of the last one, what has happened so far.
         */
        HistoryPoint: {
            /** @description To providers, on the chain. HYPER. */
            hyperPaid: number;
            /** @description Submitted. */
            jobs: number;
            jobsCompleted: number;
            nodesRegistered: number;
            /**
             * Format: date-time
             * @description ISO 8601, UTC, milliseconds.
             */
            time: string;
        };
        /**
         * Inclusion
         * @description Where the receipt stands in its batch's tree. Hashes are hex; the proof runs from the leaf's sibling upwards.
         */
        Inclusion: {
            leafIndex: number;
            proof: string[];
            root: string;
            treeSize: number;
        };
        /**
         * Isolation
         * @description What a node tried on itself and found to hold, from the least to the most.
         * @enum {unknown}
         */
        Isolation: "none" | "process" | "sandbox";
        /**
         * Job
         * @description A job as everyone sees it; input, result and logs only as its parties do.
         */
        Job: {
            artifacts: components["schemas"]["ArtifactRef"][];
            assignedNode: string | null;
            attempts: number;
            /** @description The job whose result this one checks, for the network. */
            auditOf: string | null;
            /** @description HYPER. */
            budget: number;
            /**
             * Format: date-time
             * @description ISO 8601, UTC, milliseconds.
             */
            createdAt: string;
            error: components["schemas"]["JobError"] | null;
            input: {
                [key: string]: unknown;
            };
            /** @description Hex; with it the job's parties can compute the receipt's inputDigest. */
            inputSalt: string | null;
            jobId: string;
            jobType: string;
            logs: string[];
            maxDuration: number;
            metrics: components["schemas"]["JobMetrics"];
            model: string;
            /** @description The job that it is a part of. */
            parentId: string | null;
            /** @description Which one, from 1. */
            part: number | null;
            /** @description Child jobs that it is spread over; they share its budget, and each has its own receipt. */
            parts: number;
            priority: number;
            receiptId: string | null;
            requirements: {
                [key: string]: unknown;
            };
            result: {
                [key: string]: unknown;
            } | null;
            /** @enum {string} */
            status: "pending" | "queued" | "running" | "completed" | "failed" | "cancelled";
            unit: string;
            units: number;
            /**
             * Format: date-time
             * @description ISO 8601, UTC, milliseconds.
             */
            updatedAt: string;
            verification: components["schemas"]["Verification"] | null;
            walletAddress: string;
        };
        /**
         * JobAnswer
         * @description One job.
         */
        JobAnswer: {
            job: components["schemas"]["Job"];
            success: boolean;
        };
        /**
         * JobChanged
         * @description One job and what was done to it.
         */
        JobChanged: {
            job: components["schemas"]["Job"];
            message: string;
            success: boolean;
        };
        /**
         * JobError
         * @description Why a job failed, or what it waits for.
         */
        JobError: {
            code: string;
            message: string;
            /**
             * @description HYPER that is missing for the job to start.
             * @default null
             */
            needed?: (number) | null;
        };
        /**
         * JobFigures
         * @description The jobs.
         */
        JobFigures: {
            /** @description Seconds. */
            averageDuration: number;
            byType: {
                [key: string]: number;
            };
            cancelled: number;
            completed: number;
            failed: number;
            total: number;
            /** @description HYPER. */
            totalCost: number;
        };
        /**
         * JobFiguresAnswer
         * @description The job figures.
         */
        JobFiguresAnswer: {
            metrics: components["schemas"]["JobFigures"];
            success: boolean;
        };
        /**
         * JobList
         * @description Jobs, newest first.
         */
        JobList: {
            count: number;
            jobs: components["schemas"]["Job"][];
            nextCursor: string | null;
            success: boolean;
        };
        /**
         * JobMetrics
         * @description When a job ran and what it cost.
         */
        JobMetrics: {
            /** @description HYPER. */
            cost: number;
            /** @description Seconds. */
            duration: number | null;
            endTime: string | null;
            startTime: string | null;
        };
        /**
         * JobStats
         * @description How many jobs stand where.
         */
        JobStats: {
            cancelled: number;
            completed: number;
            failed: number;
            pending: number;
            queued: number;
            running: number;
            total: number;
            /** @description HYPER. */
            totalCost: number;
        };
        /**
         * JobStatsAnswer
         * @description The summary.
         */
        JobStatsAnswer: {
            stats: components["schemas"]["JobStats"];
            success: boolean;
        };
        /**
         * JobTypeList
         * @description The job types, in an order that stays.
         */
        JobTypeList: {
            count: number;
            jobTypes: components["schemas"]["JobTypeView"][];
            success: boolean;
        };
        /**
         * JobTypeView
         * @description A job type that this coordinator takes.
         */
        JobTypeView: {
            /** @description What a node must list that runs it. */
            capability: string;
            description: string;
            /** @description Null: a plug-in that shows none. */
            example: components["schemas"]["ExampleJob"] | null;
            exampleFiles: components["schemas"]["ExampleFile"][];
            /** @description JSON Schema 2020-12 of the job's `input`. */
            inputSchema: {
                [key: string]: unknown;
            };
            jobType: string;
            /** @description The command that installs the engine on a node; null: nothing is to be installed. */
            needs: string | null;
            title: string;
            unit: components["schemas"]["PriceUnit"];
        };
        /**
         * KeyCreated
         * @description The secret is shown once.
         */
        KeyCreated: {
            key: components["schemas"]["ApiKey"];
            message: string;
            success: boolean;
            token: string;
        };
        /**
         * KeyList
         * @description A wallet's keys, newest first.
         */
        KeyList: {
            count: number;
            keys: components["schemas"]["ApiKey"][];
            nextCursor: string | null;
            success: boolean;
        };
        /**
         * Location
         * @description Where a node stands, as far as its owner says.
         */
        Location: {
            /** @default Unknown */
            city?: string;
            /** @default Unknown */
            country?: string;
            /** @default 0 */
            lat?: number;
            /** @default 0 */
            lon?: number;
        };
        /**
         * MetricsCount
         * @description How much there is.
         */
        MetricsCount: {
            jobs: number;
            nodes: number;
            receipts: number;
        };
        /**
         * MetricsHealth
         * @description Whether the figures can be read.
         */
        MetricsHealth: {
            metricsCount: components["schemas"]["MetricsCount"];
            status: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC, milliseconds.
             */
            timestamp: string;
        };
        /**
         * MetricsUpdate
         * @description A note by an operator, for the audit log.
         */
        MetricsUpdate: {
            /** @default {} */
            data?: {
                [key: string]: unknown;
            };
            /** @enum {unknown} */
            type: "job_completed" | "node_registered" | "on_chain_receipt";
        };
        /**
         * Movement
         * @description A line of a wallet's statement.
         */
        Movement: {
            /** @description Negative where it left the balance. HYPER. */
            amount: number;
            /**
             * Format: date-time
             * @description ISO 8601, UTC, milliseconds.
             */
            at: string;
            id: number;
            kind: string;
            reference: string;
        };
        /**
         * NetworkFigures
         * @description The network today.
         */
        NetworkFigures: {
            activeNodes: number;
            completedJobs: number;
            /**
             * Format: date-time
             * @description ISO 8601, UTC, milliseconds.
             */
            lastUpdated: string;
            /** @description HYPER. */
            totalHyperPaid: number;
            totalJobs: number;
            totalNodes: number;
            /** @description HYPER. */
            totalValueLocked: number;
        };
        /**
         * Node
         * @description A node as everyone sees it.
         */
        Node: {
            capabilities: string[];
            capacity: number;
            /** @description Results of its that other nodes found right. */
            checksPassed: number;
            computeCapability: string;
            cpuModel: string;
            cudaVersion: string;
            driverVersion: string;
            engines: components["schemas"]["EngineOffer"][];
            gpuCount: number;
            gpuModel: string;
            hostOS: string;
            /**
             * @description What it proved of its sandbox.
             * @enum {string}
             */
            isolation: "none" | "process" | "sandbox";
            jobsCompleted: number;
            /** @description Those that another node then completed. */
            jobsFailed: number;
            /**
             * Format: date-time
             * @description ISO 8601, UTC, milliseconds.
             */
            lastSeen: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC, milliseconds.
             */
            lastUpdate: string;
            location: components["schemas"]["Location"];
            machineId: string;
            metrics: {
                [key: string]: unknown;
            };
            nodeId: string;
            /** @description It takes jobs of its own wallet alone. */
            ownJobsOnly: boolean;
            /** @description HYPER. */
            price: number;
            ramTotal: number;
            /**
             * Format: date-time
             * @description ISO 8601, UTC, milliseconds.
             */
            registeredAt: string;
            reputation: number;
            /** @enum {string} */
            status: "online" | "draining" | "offline" | "suspended" | "deregistered" | "busy";
            /** @description HYPER. */
            totalEarned: number;
            vram: number;
            walletAddress: string;
        };
        /**
         * NodeAnswer
         * @description One node.
         */
        NodeAnswer: {
            node: components["schemas"]["Node"];
            success: boolean;
        };
        /**
         * NodeFigures
         * @description The nodes.
         */
        NodeFigures: {
            active: number;
            /** @description Percent of registered time that nodes were heard of. */
            averageUptime: number;
            byGPU: {
                [key: string]: number;
            };
            byLocation: {
                [key: string]: number;
            };
            offline: number;
            total: number;
            /** @description MB. */
            totalVRAM: number;
        };
        /**
         * NodeFiguresAnswer
         * @description The node figures.
         */
        NodeFiguresAnswer: {
            metrics: components["schemas"]["NodeFigures"];
            success: boolean;
        };
        /**
         * NodeList
         * @description Nodes, newest first.
         */
        NodeList: {
            count: number;
            nextCursor: string | null;
            nodes: components["schemas"]["Node"][];
            success: boolean;
        };
        /**
         * NodeRegistered
         * @description A registered node. The token comes once, with the first registration.
         */
        NodeRegistered: {
            message: string;
            node: components["schemas"]["Node"];
            /** @default null */
            nodeToken?: string | null;
            success: boolean;
        };
        /**
         * Obstacle
         * @description A requirement, and how many online nodes fail it.
         */
        Obstacle: {
            asked: string;
            failingNodes: number;
            /** @description Nodes that would match if this requirement alone were dropped. */
            onlyObstacleFor: number;
            requirement: string;
        };
        /**
         * Ok
         * @description An answer that only says that it worked.
         */
        Ok: {
            message: string;
            success: boolean;
        };
        /**
         * Overview
         * @description The network and its activity.
         */
        Overview: {
            network: components["schemas"]["NetworkFigures"];
            recentActivity: components["schemas"]["RecentActivity"];
        };
        /**
         * OverviewAnswer
         * @description The overview.
         */
        OverviewAnswer: {
            metrics: components["schemas"]["Overview"];
            success: boolean;
        };
        /**
         * PayoutList
         * @description Payments to a wallet, newest first.
         */
        PayoutList: {
            count: number;
            nextCursor: string | null;
            payouts: components["schemas"]["PayoutView"][];
            success: boolean;
        };
        /**
         * PayoutView
         * @description A payment to a wallet.
         */
        PayoutView: {
            /** @description HYPER. */
            amount: number;
            /**
             * Format: date-time
             * @description ISO 8601, UTC, milliseconds.
             */
            createdAt: string;
            finalizedAt: string | null;
            /** @enum {string} */
            kind: "earnings" | "withdrawal" | "network";
            payoutId: string;
            /** @enum {string} */
            status: "due" | "batched" | "finalized";
            txSignature: string | null;
            walletAddress: string;
        };
        /**
         * PriceUnit
         * @description What a price of a job type is for, as in HYPER for every 1,000 tokens.
         */
        PriceUnit: {
            name: string;
            per: number;
        };
        /**
         * Problem
         * @description RFC 9457 problem details, and the `error` and `code` that older clients read.
         */
        Problem: {
            code: string;
            detail: string;
            error: string;
            /**
             * @description For a wrong body: each bad field's path and what was expected there.
             * @default []
             */
            errors?: {
                [key: string]: unknown;
            }[];
            instance: string;
            status: number;
            title: string;
            type: string;
            /** @default null */
            validTypes?: string[] | null;
        };
        /**
         * Programs
         * @description The chain programs that do each part; null where none does.
         */
        Programs: {
            jobReceipt: string | null;
            nodeRegistry: string | null;
            paymentSplitter: string | null;
        };
        /**
         * Quote
         * @description What a job would cost and wait if it were submitted now.
         */
        Quote: {
            /** @description Null: no node matches. */
            cost: components["schemas"]["CostRange"] | null;
            /** @description 0 with a free node. Else from the jobs that wait ahead, the slots of the matching nodes, and how long jobs of this type took lately. Null: no node matches, or no such job has been completed yet. */
            expectedWaitSeconds: number | null;
            /** @description As of a job that waits; `status` is how the job would begin. */
            explanation: components["schemas"]["Explanation"];
            /** @description Of these, those with a free slot. */
            freeNodes: number;
            /** @description Those that were looked at, 2,000 at most. */
            matchingNodes: number;
        };
        /**
         * QuoteAnswer
         * @description The quote.
         */
        QuoteAnswer: {
            quote: components["schemas"]["Quote"];
            success: boolean;
        };
        /**
         * QuoteJob
         * @description The same, before anybody decides to pay for it.
         */
        QuoteJob: {
            /** @default sampled */
            assurance?: components["schemas"]["Assurance"];
            /**
             * @description Left out: as much as any node asks. HYPER: a number or a decimal string with at most 6 decimals.
             * @example 10
             * @example 0.5
             */
            budget?: number | string;
            /** @default {} */
            input?: {
                [key: string]: unknown;
            };
            jobType: string;
            /**
             * @description Seconds.
             * @default 3600
             */
            maxDuration?: number;
            /** @default default */
            model?: string;
            /**
             * @description Spread over at most so many child jobs.
             * @default 1
             */
            parts?: number;
            /** @default 0 */
            priority?: number;
            requirements?: components["schemas"]["Requirements"];
            /**
             * @description Some nodes take jobs of their own wallet alone. A Solana address: base58 of 32 bytes.
             * @example 9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusVFin
             */
            walletAddress?: string;
            /** @description Not served yet, and so refused: follow the job's events instead. */
            webhookUrl?: null;
        };
        /**
         * Receipt
         * @description What the network says of a finished job. It holds no prompt and no result, only digests of them.
         */
        Receipt: {
            /** @description The result's files, in the order of their names. */
            artifacts: string[];
            /** @description What checking the customer chose. */
            assurance: string;
            cost: number;
            createdAt: string;
            /** @description Wallet. */
            customer: string;
            endedAt: string;
            /** @description `input_digest(salt, input)`; the parties to the job know the salt. */
            inputDigest: string;
            jobId: string;
            jobType: string;
            model: string;
            /** @description Genesis hash of the cluster where the money moved. */
            network: string;
            networkPart: number;
            nodeId: string;
            /** @description Wallet. */
            provider: string;
            providerPart: number;
            receiptId: string;
            /** @description `value_digest(result)`. */
            resultDigest: string;
            startedAt: string;
            unit: string;
            units: number;
            verdict: components["schemas"]["Verdict"];
            version: number;
        };
        /**
         * ReceiptAnswer
         * @description A receipt file, as `hypernode receipt verify` reads it.
         */
        ReceiptAnswer: {
            receipt: components["schemas"]["ReceiptFile"];
            success: boolean;
        };
        /**
         * ReceiptFile
         * @description A receipt with all that proves it. `signature` (base58) is the signer's, over the receipt's canonical JSON.
         */
        ReceiptFile: {
            anchor: components["schemas"]["Anchoring"] | null;
            merkle: components["schemas"]["Inclusion"] | null;
            receipt: components["schemas"]["Receipt"];
            signature: string;
            signer: string;
        };
        /**
         * RecentActivity
         * @description A day and a week.
         */
        RecentActivity: {
            last7d: components["schemas"]["Activity"];
            last24h: components["schemas"]["Activity"];
        };
        /**
         * RecentReceipt
         * @description An anchored receipt.
         */
        RecentReceipt: {
            /** @description HYPER. */
            cost: number;
            jobId: string;
            receiptId: string;
            slot: number | null;
            /**
             * Format: date-time
             * @description ISO 8601, UTC, milliseconds.
             */
            timestamp: string;
            txSignature: string;
            type: string;
            /** @enum {string} */
            verdict: "passed" | "failed" | "unverified";
        };
        /**
         * RegisterNode
         * @description A node's description. A field left out keeps its value, or gets the default.
         */
        RegisterNode: {
            /** @default null */
            capabilities?: string[] | null;
            /** @default null */
            computeCapability?: string | null;
            /** @default null */
            cpuModel?: string | null;
            /** @default null */
            cudaVersion?: string | null;
            /** @default null */
            driverVersion?: string | null;
            /** @default null */
            gpuCount?: number | null;
            /** @default null */
            gpuModel?: string | null;
            /** @default null */
            hostOS?: string | null;
            /** @default null */
            location?: components["schemas"]["Location"] | null;
            /** @default default */
            machineId?: string;
            /**
             * @description HYPER per hour.
             * @default null
             */
            price?: (number | string) | null;
            /**
             * @description MB.
             * @default null
             */
            ramTotal?: number | null;
            /**
             * @description MB; under 1024: GB.
             * @default null
             */
            vram?: number | null;
            /**
             * @description A Solana address: base58 of 32 bytes.
             * @example 9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusVFin
             */
            walletAddress: string;
        };
        /**
         * Relaxation
         * @description The smallest change that would make a node match.
         */
        Relaxation: {
            /** @description Field -> value to ask for instead. */
            change: {
                [key: string]: unknown;
            };
            /** @description How many nodes would match then. */
            nodes: number;
            sentence: string;
        };
        /**
         * Requirements
         * @description What a node must have to get the job. A field left out asks for nothing.
         */
        Requirements: {
            /** @default [] */
            allowNodes?: string[];
            /** @default [] */
            allowWallets?: string[];
            /** @default [] */
            capabilities?: string[];
            /**
             * @description One country, or several; in any case.
             * @default
             */
            country?: string | string[];
            /**
             * @description At least this.
             * @default
             */
            cudaVersion?: string;
            /** @default [] */
            denyNodes?: string[];
            /** @default [] */
            denyWallets?: string[];
            /**
             * @description Part of the GPU's name, in any case.
             * @default
             */
            gpuModel?: string;
            /**
             * @description HYPER per hour.
             * @default null
             */
            maxPrice?: (number | string) | null;
            /**
             * @description What the node must have proved: none, process, sandbox.
             * @default none
             */
            minIsolation?: components["schemas"]["Isolation"];
            /**
             * @description GB.
             * @default 0
             */
            minRAM?: number;
            /** @default 0 */
            minReputation?: number;
            /**
             * @description GB.
             * @default 0
             */
            minVRAM?: number;
        };
        /**
         * Session
         * @description Send the token as `Authorization: Bearer`.
         */
        Session: {
            /**
             * Format: date-time
             * @description ISO 8601, UTC, milliseconds.
             */
            expiresAt: string;
            success: boolean;
            token: string;
            walletAddress: string;
        };
        /**
         * Statement
         * @description Movements of a wallet's balance, newest first.
         */
        Statement: {
            count: number;
            movements: components["schemas"]["Movement"][];
            nextCursor: string | null;
            success: boolean;
        };
        /**
         * SubmitResult
         * @description A result from a worker that speaks plain HTTP.
         */
        SubmitResult: {
            /** @default null */
            leaseId?: string | null;
            /** @default [] */
            logs?: string[] | string;
            /** @default {} */
            metrics?: {
                [key: string]: unknown;
            };
            nodeId: string;
            result: {
                [key: string]: unknown;
            };
        };
        /**
         * Validation
         * @description What anyone can check.
         */
        Validation: {
            blockchain: components["schemas"]["Blockchain"];
            recentReceipts: components["schemas"]["RecentReceipt"][];
            summary: components["schemas"]["ValidationSummary"];
        };
        /**
         * ValidationAnswer
         * @description The validation figures.
         */
        ValidationAnswer: {
            success: boolean;
            validation: components["schemas"]["Validation"];
        };
        /**
         * ValidationSummary
         * @description What stands on the chain.
         */
        ValidationSummary: {
            activeNodesOnChain: number;
            lastBlockVerified: number | null;
            lastVerificationTime: string | null;
            /** @description HYPER. */
            totalHyperPaidOnChain: number;
            totalJobsOnChain: number;
        };
        /**
         * Vault
         * @description Where a deposit goes: an ordinary SPL transfer to `tokenAccount`.
         */
        Vault: {
            address: string;
            decimals: number;
            genesisHash: string;
            mint: string;
            /** @description Only where it is the operator's own localnet. */
            rpcUrl: string | null;
            tokenAccount: string;
            tokenProgram: string;
        };
        /**
         * Verdict
         * @description What checking the result found.
         * @enum {unknown}
         */
        Verdict: "failed" | "passed" | "unverified";
        /**
         * Verification
         * @description What was checked of a result.
         */
        Verification: {
            /** @enum {string} */
            assurance: "none" | "sampled" | "always";
            /** @default null */
            auditJobId?: string | null;
            /**
             * @description The node that checked.
             * @default null
             */
            auditor?: string | null;
            /**
             * @description What the verdict rests on, in a sentence.
             * @default
             */
            evidence?: string;
            /** @default {} */
            figures?: {
                [key: string]: number;
            };
            /** @enum {string} */
            verdict: "passed" | "failed" | "unverified";
        };
        /**
         * WalletAnswer
         * @description A wallet, and where its deposits go.
         */
        WalletAnswer: {
            success: boolean;
            vault: components["schemas"]["Vault"];
            wallet: components["schemas"]["WalletState"];
        };
        /**
         * WalletState
         * @description What a wallet has in the network.
         */
        WalletState: {
            /** @description Free to spend or withdraw. HYPER. */
            balance: number;
            /** @description A provider's pay that no payout has gathered yet. HYPER. */
            earned: number;
            /** @description Locked by live jobs. HYPER. */
            held: number;
            /** @description On its way to the wallet. HYPER. */
            payingOut: number;
            walletAddress: string;
        };
        /**
         * Withdraw
         * @description Send a part of the balance back to the wallet.
         */
        Withdraw: {
            /**
             * @description HYPER: a number or a decimal string with at most 6 decimals.
             * @example 10
             * @example 0.5
             */
            amount: number | string;
        };
        /**
         * WithdrawAnswer
         * @description The withdrawal under way.
         */
        WithdrawAnswer: {
            message: string;
            payout: components["schemas"]["PayoutView"];
            success: boolean;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    ApiArtifactsUpload: {
        parameters: {
            query?: {
                /** @description Open mode only. */
                walletAddress?: string | null;
            };
            header?: {
                "Idempotency-Key"?: string;
                "X-Artifact-Name"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/octet-stream": string;
            };
        };
        responses: {
            /** @description Refused, and why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Our fault, or not now. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Document created, URL follows */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ArtifactStored"];
                };
            };
        };
    };
    ApiArtifactsSha256Download: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                sha256: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused, and why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Our fault, or not now. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The content. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": unknown;
                };
            };
        };
    };
    ApiAuthChallengeChallenge: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AskChallenge"];
            };
        };
        responses: {
            /** @description Refused, and why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Our fault, or not now. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request fulfilled, document follows */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Challenge"];
                };
            };
        };
    };
    ApiAuthVerifyVerify: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AnswerChallenge"];
            };
        };
        responses: {
            /** @description Refused, and why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Our fault, or not now. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request fulfilled, document follows */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
        };
    };
    ApiJobTypesIndex: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused, and why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Our fault, or not now. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request fulfilled, document follows */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobTypeList"];
                };
            };
        };
    };
    ApiJobTypesJobTypeFilesNameExampleFile: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                job_type: string;
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused, and why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Our fault, or not now. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The content. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    ApiJobsIndex: {
        parameters: {
            query?: {
                cursor?: string | null;
                jobType?: string | null;
                limit?: number;
                parentId?: string | null;
                status?: string | null;
                walletAddress?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused, and why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Our fault, or not now. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request fulfilled, document follows */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobList"];
                };
            };
        };
    };
    ApiJobsCreate: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateJob"];
            };
        };
        responses: {
            /** @description Refused, and why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Our fault, or not now. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Document created, URL follows */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobChanged"];
                };
            };
        };
    };
    ApiJobsJobIdOne: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused, and why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Our fault, or not now. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request fulfilled, document follows */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobAnswer"];
                };
            };
        };
    };
    ApiJobsJobIdCancelCancel: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                job_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CancelJob"] | null;
            };
        };
        responses: {
            /** @description Refused, and why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Our fault, or not now. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request fulfilled, document follows */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobChanged"];
                };
            };
        };
    };
    ApiJobsJobIdEventsJobEvents: {
        parameters: {
            query?: {
                /** @description Only events with a larger sequence number. */
                after?: number | null;
            };
            header?: never;
            path: {
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused, and why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Our fault, or not now. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request fulfilled, document follows */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": unknown;
                };
            };
        };
    };
    ApiJobsJobIdExplainExplain: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused, and why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Our fault, or not now. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request fulfilled, document follows */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExplanationAnswer"];
                };
            };
        };
    };
    ApiJobsJobIdReceiptReceipt: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused, and why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Our fault, or not now. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request fulfilled, document follows */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReceiptAnswer"];
                };
            };
        };
    };
    ApiJobsJobIdResultResult: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                job_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SubmitResult"];
            };
        };
        responses: {
            /** @description Refused, and why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Our fault, or not now. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request fulfilled, document follows */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobChanged"];
                };
            };
        };
    };
    ApiJobsQuoteQuote: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["QuoteJob"];
            };
        };
        responses: {
            /** @description Refused, and why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Our fault, or not now. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request fulfilled, document follows */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["QuoteAnswer"];
                };
            };
        };
    };
    ApiJobsStatsSummaryStats: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused, and why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Our fault, or not now. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request fulfilled, document follows */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobStatsAnswer"];
                };
            };
        };
    };
    ApiKeysIndex: {
        parameters: {
            query?: {
                cursor?: string | null;
                limit?: number;
                /** @description Open mode only. */
                walletAddress?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused, and why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Our fault, or not now. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request fulfilled, document follows */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KeyList"];
                };
            };
        };
    };
    ApiKeysCreate: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateKey"];
            };
        };
        responses: {
            /** @description Refused, and why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Our fault, or not now. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Document created, URL follows */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KeyCreated"];
                };
            };
        };
    };
    ApiKeysKeyIdRevoke: {
        parameters: {
            query?: {
                /** @description Open mode only. */
                walletAddress?: string | null;
            };
            header?: never;
            path: {
                key_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused, and why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Our fault, or not now. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request fulfilled, document follows */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Ok"];
                };
            };
        };
    };
    ApiMetricsOverview: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused, and why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Our fault, or not now. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request fulfilled, document follows */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OverviewAnswer"];
                };
            };
        };
    };
    ApiMetricsHealthHealth: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused, and why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Our fault, or not now. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request fulfilled, document follows */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MetricsHealth"];
                };
            };
        };
    };
    ApiMetricsHistoryHistory: {
        parameters: {
            query?: {
                window?: "24h" | "7d" | "30d";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused, and why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Our fault, or not now. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request fulfilled, document follows */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HistoryAnswer"];
                };
            };
        };
    };
    ApiMetricsJobsJobs: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused, and why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Our fault, or not now. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request fulfilled, document follows */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobFiguresAnswer"];
                };
            };
        };
    };
    ApiMetricsNodesNodes: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused, and why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Our fault, or not now. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request fulfilled, document follows */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NodeFiguresAnswer"];
                };
            };
        };
    };
    ApiMetricsUpdateUpdate: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MetricsUpdate"];
            };
        };
        responses: {
            /** @description Refused, and why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Our fault, or not now. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request fulfilled, document follows */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Ok"];
                };
            };
        };
    };
    ApiMetricsValidationValidation: {
        parameters: {
            query?: {
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused, and why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Our fault, or not now. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request fulfilled, document follows */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ValidationAnswer"];
                };
            };
        };
    };
    ApiNodesIndex: {
        parameters: {
            query?: {
                capability?: string | null;
                country?: string | null;
                cursor?: string | null;
                gpuModel?: string | null;
                limit?: number;
                /** @description GB. */
                minVRAM?: number | null;
                status?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused, and why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Our fault, or not now. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request fulfilled, document follows */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NodeList"];
                };
            };
        };
    };
    ApiNodesNodeIdOne: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                node_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused, and why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Our fault, or not now. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request fulfilled, document follows */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NodeAnswer"];
                };
            };
        };
    };
    ApiNodesNodeIdDeregister: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                node_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Deregister"] | null;
            };
        };
        responses: {
            /** @description Refused, and why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Our fault, or not now. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request fulfilled, document follows */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Ok"];
                };
            };
        };
    };
    ApiNodesNodeIdFramesExchange: {
        parameters: {
            query?: {
                waitSeconds?: number;
            };
            header?: never;
            path: {
                node_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    [key: string]: unknown;
                }[];
            };
        };
        responses: {
            /** @description Refused, and why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Our fault, or not now. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request fulfilled, document follows */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FramesAnswer"];
                };
            };
        };
    };
    ApiNodesNodeIdHeartbeatHeartbeat: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                node_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Heartbeat"] | null;
            };
        };
        responses: {
            /** @description Refused, and why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Our fault, or not now. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request fulfilled, document follows */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HeartbeatAnswer"];
                };
            };
        };
    };
    ApiNodesRegisterRegister: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RegisterNode"];
            };
        };
        responses: {
            /** @description Refused, and why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Our fault, or not now. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The machine was known; what was given is updated. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NodeRegistered"];
                };
            };
            /** @description Document created, URL follows */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NodeRegistered"];
                };
            };
        };
    };
    ApiNodesWalletOfWallet: {
        parameters: {
            query?: {
                cursor?: string | null;
                limit?: number;
            };
            header?: never;
            path: {
                wallet: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused, and why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Our fault, or not now. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request fulfilled, document follows */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NodeList"];
                };
            };
        };
    };
    ApiWalletsOne: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                wallet: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused, and why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Our fault, or not now. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request fulfilled, document follows */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WalletAnswer"];
                };
            };
        };
    };
    ApiWalletsEarningsEarnings: {
        parameters: {
            query?: {
                cursor?: string | null;
                limit?: number;
            };
            header?: never;
            path: {
                wallet: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused, and why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Our fault, or not now. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request fulfilled, document follows */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EarningList"];
                };
            };
        };
    };
    ApiWalletsPayoutsPayouts: {
        parameters: {
            query?: {
                cursor?: string | null;
                limit?: number;
            };
            header?: never;
            path: {
                wallet: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused, and why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Our fault, or not now. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request fulfilled, document follows */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PayoutList"];
                };
            };
        };
    };
    ApiWalletsStatementStatement: {
        parameters: {
            query?: {
                cursor?: string | null;
                limit?: number;
            };
            header?: never;
            path: {
                wallet: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused, and why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Our fault, or not now. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request fulfilled, document follows */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Statement"];
                };
            };
        };
    };
    ApiWalletsWithdrawWithdraw: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                wallet: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Withdraw"];
            };
        };
        responses: {
            /** @description Refused, and why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Our fault, or not now. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Document created, URL follows */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WithdrawAnswer"];
                };
            };
        };
    };
    HealthHealth: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused, and why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Our fault, or not now. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request fulfilled, document follows */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            /** @description What is down. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
        };
    };
    MetricsPrometheus: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused, and why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Our fault, or not now. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request fulfilled, document follows */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
        };
    };
}
