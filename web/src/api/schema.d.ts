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
        /** Activity */
        Activity: {
            /** @description HYPER. */
            hyperPaid: number;
            jobs: number;
            nodesRegistered: number;
        };
        /** AnswerChallenge */
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
        /** ApiKey */
        ApiKey: {
            /** @description ISO 8601, UTC, milliseconds. */
            createdAt: string;
            /** @description ISO 8601, UTC, milliseconds. */
            expiresAt: string | null;
            keyId: string;
            name: string;
            /** @description ISO 8601, UTC, milliseconds. */
            revokedAt: string | null;
            scopes: string[];
            /** @description HYPER. */
            spendingLimit: number | null;
            /** @description HYPER. */
            spent: number;
        };
        /** ArtifactRef */
        ArtifactRef: {
            /** @default  */
            name?: string;
            /** @description SHA-256 of the content, in hex. */
            sha256: string;
            size: number;
        };
        /** ArtifactStored */
        ArtifactStored: {
            artifact: components["schemas"]["ArtifactRef"];
            /** @default true */
            success?: boolean;
        };
        /** AskChallenge */
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
         * @default sampled
         * @enum {string}
         */
        Assurance: "none" | "sampled" | "always";
        /** Blockchain */
        Blockchain: {
            anchorKey: string;
            explorerUrl: string;
            genesisHash: string;
            hyperTokenMint: string;
            network: string;
            programIds: components["schemas"]["Programs"];
            vault: string;
        };
        /** CancelJob */
        CancelJob: {
            /** @default false */
            stopRunning?: boolean;
            /**
             * @description A Solana address: base58 of 32 bytes.
             * @example 9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusVFin
             */
            walletAddress?: string | null;
        };
        /** Challenge */
        Challenge: {
            /** @description ISO 8601, UTC, milliseconds. */
            expiresAt: string;
            message: string;
            nonce: string;
            /** @default true */
            success?: boolean;
        };
        /** CreateJob */
        CreateJob: {
            assurance?: components["schemas"]["Assurance"];
            /**
             * @description HYPER: a number or a decimal string with at most 6 decimals.
             * @default 0
             * @example 10
             * @example 0.5
             */
            budget?: number | string;
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
            webhookUrl?: unknown | null;
        };
        /** CreateKey */
        CreateKey: {
            /** @description Seconds. */
            expiresIn?: number | null;
            /** @default  */
            name?: string;
            scopes?: string[];
            /**
             * @description HYPER: a number or a decimal string with at most 6 decimals.
             * @example 10
             * @example 0.5
             */
            spendingLimit?: number | string | null;
            /**
             * @description A Solana address: base58 of 32 bytes.
             * @example 9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusVFin
             */
            walletAddress?: string | null;
        };
        /** Deregister */
        Deregister: {
            /**
             * @description A Solana address: base58 of 32 bytes.
             * @example 9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusVFin
             */
            walletAddress?: string | null;
        };
        /** EngineOffer */
        EngineOffer: {
            /** @default false */
            audits?: boolean;
            /** @default  */
            engine?: string;
            jobType: string;
            models?: string[];
            pricePerUnit?: string | null;
            warmModels?: string[];
        };
        /** Explanation */
        Explanation: {
            freeMatchingNodes: number;
            matchingNodes: number;
            /** @description HYPER. */
            needed: number | null;
            obstacles: components["schemas"]["Obstacle"][];
            onlineNodes: number;
            relaxation: components["schemas"]["Relaxation"] | null;
            sentence: string;
            status: string;
        };
        /** ExplanationAnswer */
        ExplanationAnswer: {
            explanation: components["schemas"]["Explanation"];
            /** @default true */
            success?: boolean;
        };
        /** FramesAnswer */
        FramesAnswer: {
            frames: unknown[];
            /** @default true */
            success?: boolean;
        };
        /** Health */
        Health: {
            down?: string[];
            /** @default hypernode-backend */
            service?: string;
            status: string;
            /** @description ISO 8601, UTC, milliseconds. */
            timestamp: string;
        };
        /** Heartbeat */
        Heartbeat: {
            metrics?: {
                [key: string]: unknown;
            };
            status?: string | null;
        };
        /** HeartbeatAnswer */
        HeartbeatAnswer: {
            /** @default Heartbeat received */
            message?: string;
            /** @default 60000 */
            nextHeartbeatIn?: number;
            /** @default true */
            success?: boolean;
        };
        /**
         * Isolation
         * @description What a node tried on itself and found to hold, from the least to the most.
         * @default none
         * @enum {string}
         */
        Isolation: "none" | "process" | "sandbox";
        /** Job */
        Job: {
            artifacts: components["schemas"]["ArtifactRef"][];
            assignedNode: string | null;
            attempts: number;
            auditOf?: string | null;
            /** @description HYPER. */
            budget: number;
            /** @description ISO 8601, UTC, milliseconds. */
            createdAt: string;
            error: components["schemas"]["JobError"] | null;
            input: {
                [key: string]: unknown;
            };
            inputSalt?: string | null;
            jobId: string;
            jobType: string;
            logs: string[];
            maxDuration: number;
            metrics: components["schemas"]["JobMetrics"];
            model: string;
            parentId?: string | null;
            part?: number | null;
            /** @default 0 */
            parts?: number;
            priority: number;
            receiptId: string | null;
            requirements: {
                [key: string]: unknown;
            };
            result: {
                [key: string]: unknown;
            } | null;
            status: string;
            unit: string;
            units: number;
            /** @description ISO 8601, UTC, milliseconds. */
            updatedAt: string;
            verification: components["schemas"]["Verification"] | null;
            walletAddress: string;
        };
        /** JobAnswer */
        JobAnswer: {
            job: components["schemas"]["Job"];
            /** @default true */
            success?: boolean;
        };
        /** JobChanged */
        JobChanged: {
            job: components["schemas"]["Job"];
            message: string;
            /** @default true */
            success?: boolean;
        };
        /** JobError */
        JobError: {
            code: string;
            message: string;
            /** @description HYPER. */
            needed?: number | null;
        };
        /** JobFigures */
        JobFigures: {
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
        /** JobFiguresAnswer */
        JobFiguresAnswer: {
            metrics: components["schemas"]["JobFigures"];
            /** @default true */
            success?: boolean;
        };
        /** JobList */
        JobList: {
            count: number;
            jobs: components["schemas"]["Job"][];
            nextCursor: string | null;
            /** @default true */
            success?: boolean;
        };
        /** JobMetrics */
        JobMetrics: {
            /** @description HYPER. */
            cost: number;
            duration: number | null;
            /** @description ISO 8601, UTC, milliseconds. */
            endTime: string | null;
            /** @description ISO 8601, UTC, milliseconds. */
            startTime: string | null;
        };
        /** JobStats */
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
        /** JobStatsAnswer */
        JobStatsAnswer: {
            stats: components["schemas"]["JobStats"];
            /** @default true */
            success?: boolean;
        };
        /** KeyCreated */
        KeyCreated: {
            key: components["schemas"]["ApiKey"];
            message: string;
            /** @default true */
            success?: boolean;
            token: string;
        };
        /** KeyList */
        KeyList: {
            count: number;
            keys: components["schemas"]["ApiKey"][];
            nextCursor?: string | null;
            /** @default true */
            success?: boolean;
        };
        /** Location */
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
        /** MetricsCount */
        MetricsCount: {
            jobs: number;
            nodes: number;
            receipts: number;
        };
        /** MetricsHealth */
        MetricsHealth: {
            metricsCount: components["schemas"]["MetricsCount"];
            status: string;
            /** @description ISO 8601, UTC, milliseconds. */
            timestamp: string;
        };
        /** MetricsUpdate */
        MetricsUpdate: {
            data?: {
                [key: string]: unknown;
            };
            /** @enum {string} */
            type: "node_registered" | "job_completed" | "on_chain_receipt";
        };
        /** Movement */
        Movement: {
            /** @description HYPER. */
            amount: number;
            /** @description ISO 8601, UTC, milliseconds. */
            at: string;
            id: number;
            kind: string;
            reference: string;
        };
        /** NetworkFigures */
        NetworkFigures: {
            activeNodes: number;
            completedJobs: number;
            /** @description ISO 8601, UTC, milliseconds. */
            lastUpdated: string;
            /** @description HYPER. */
            totalHyperPaid: number;
            totalJobs: number;
            totalNodes: number;
            /** @description HYPER. */
            totalValueLocked: number;
        };
        /** Node */
        Node: {
            capabilities: string[];
            capacity: number;
            computeCapability: string;
            cpuModel: string;
            cudaVersion: string;
            driverVersion: string;
            engines: components["schemas"]["EngineOffer"][];
            gpuCount: number;
            gpuModel: string;
            hostOS: string;
            /** @default none */
            isolation?: string;
            jobsCompleted: number;
            /** @description ISO 8601, UTC, milliseconds. */
            lastSeen: string;
            /** @description ISO 8601, UTC, milliseconds. */
            lastUpdate: string;
            location: components["schemas"]["Location"];
            machineId: string;
            metrics: {
                [key: string]: unknown;
            };
            nodeId: string;
            /** @default false */
            ownJobsOnly?: boolean;
            /** @description HYPER. */
            price: number;
            ramTotal: number;
            /** @description ISO 8601, UTC, milliseconds. */
            registeredAt: string;
            reputation: number;
            status: string;
            /** @description HYPER. */
            totalEarned: number;
            vram: number;
            walletAddress: string;
        };
        /** NodeAnswer */
        NodeAnswer: {
            node: components["schemas"]["Node"];
            /** @default true */
            success?: boolean;
        };
        /** NodeFigures */
        NodeFigures: {
            active: number;
            averageUptime: number;
            byGPU: {
                [key: string]: number;
            };
            byLocation: {
                [key: string]: number;
            };
            offline: number;
            total: number;
            totalVRAM: number;
        };
        /** NodeFiguresAnswer */
        NodeFiguresAnswer: {
            metrics: components["schemas"]["NodeFigures"];
            /** @default true */
            success?: boolean;
        };
        /** NodeList */
        NodeList: {
            count: number;
            nextCursor: string | null;
            nodes: components["schemas"]["Node"][];
            /** @default true */
            success?: boolean;
        };
        /** NodeRegistered */
        NodeRegistered: {
            message: string;
            node: components["schemas"]["Node"];
            nodeToken?: string | null;
            success: boolean;
        };
        /** Obstacle */
        Obstacle: {
            asked: string;
            failingNodes: number;
            onlyObstacleFor: number;
            requirement: string;
        };
        /** Ok */
        Ok: {
            message: string;
            /** @default true */
            success?: boolean;
        };
        /** Overview */
        Overview: {
            network: components["schemas"]["NetworkFigures"];
            recentActivity: components["schemas"]["RecentActivity"];
        };
        /** OverviewAnswer */
        OverviewAnswer: {
            metrics: components["schemas"]["Overview"];
            /** @default true */
            success?: boolean;
        };
        /** PayoutList */
        PayoutList: {
            count: number;
            nextCursor: string | null;
            payouts: components["schemas"]["PayoutView"][];
            /** @default true */
            success?: boolean;
        };
        /** PayoutView */
        PayoutView: {
            /** @description HYPER. */
            amount: number;
            /** @description ISO 8601, UTC, milliseconds. */
            createdAt: string;
            /** @description ISO 8601, UTC, milliseconds. */
            finalizedAt: string | null;
            kind: string;
            payoutId: string;
            status: string;
            txSignature: string | null;
            walletAddress: string;
        };
        /**
         * Problem
         * @description RFC 9457 problem details, and the `error` and `code` that older clients read.
         */
        Problem: {
            code: string;
            detail: string;
            error: string;
            /** @default [] */
            errors?: Record<string, unknown>[];
            instance: string;
            status: number;
            title: string;
            type: string;
            /** @default null */
            validTypes?: string[] | null;
        };
        /** Programs */
        Programs: {
            jobReceipt: string | null;
            nodeRegistry: string | null;
            paymentSplitter: string | null;
        };
        /** ReceiptAnswer */
        ReceiptAnswer: {
            receipt: {
                [key: string]: unknown;
            };
            /** @default true */
            success?: boolean;
        };
        /** RecentActivity */
        RecentActivity: {
            last7d: components["schemas"]["Activity"];
            last24h: components["schemas"]["Activity"];
        };
        /** RecentReceipt */
        RecentReceipt: {
            /** @description HYPER. */
            cost: number;
            jobId: string;
            receiptId: string;
            slot: number | null;
            /** @description ISO 8601, UTC, milliseconds. */
            timestamp: string;
            txSignature: string;
            type: string;
            verdict: string;
        };
        /** RegisterNode */
        RegisterNode: {
            capabilities?: string[] | null;
            computeCapability?: string | null;
            cpuModel?: string | null;
            cudaVersion?: string | null;
            driverVersion?: string | null;
            gpuCount?: number | null;
            gpuModel?: string | null;
            hostOS?: string | null;
            location?: components["schemas"]["Location"] | null;
            /** @default default */
            machineId?: string;
            /**
             * @description HYPER: a number or a decimal string with at most 6 decimals.
             * @example 10
             * @example 0.5
             */
            price?: number | string | null;
            ramTotal?: number | null;
            vram?: number | null;
            /**
             * @description A Solana address: base58 of 32 bytes.
             * @example 9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusVFin
             */
            walletAddress: string;
        };
        /** Relaxation */
        Relaxation: {
            change: {
                [key: string]: unknown;
            };
            nodes: number;
            sentence: string;
        };
        /** Requirements */
        Requirements: {
            allowNodes?: string[];
            allowWallets?: string[];
            capabilities?: string[];
            /** @default  */
            country?: string | string[];
            /** @default  */
            cudaVersion?: string;
            denyNodes?: string[];
            denyWallets?: string[];
            /** @default  */
            gpuModel?: string;
            /**
             * @description HYPER: a number or a decimal string with at most 6 decimals.
             * @example 10
             * @example 0.5
             */
            maxPrice?: number | string | null;
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
        /** Session */
        Session: {
            /** @description ISO 8601, UTC, milliseconds. */
            expiresAt: string;
            /** @default true */
            success?: boolean;
            token: string;
            walletAddress: string;
        };
        /** Statement */
        Statement: {
            count: number;
            movements: components["schemas"]["Movement"][];
            nextCursor: string | null;
            /** @default true */
            success?: boolean;
        };
        /** SubmitResult */
        SubmitResult: {
            leaseId?: string | null;
            logs?: string[] | string;
            metrics?: {
                [key: string]: unknown;
            };
            nodeId: string;
            result: {
                [key: string]: unknown;
            };
        };
        /** Validation */
        Validation: {
            blockchain: components["schemas"]["Blockchain"];
            recentReceipts: components["schemas"]["RecentReceipt"][];
            summary: components["schemas"]["ValidationSummary"];
        };
        /** ValidationAnswer */
        ValidationAnswer: {
            /** @default true */
            success?: boolean;
            validation: components["schemas"]["Validation"];
        };
        /** ValidationSummary */
        ValidationSummary: {
            activeNodesOnChain: number;
            lastBlockVerified: number | null;
            /** @description ISO 8601, UTC, milliseconds. */
            lastVerificationTime: string | null;
            /** @description HYPER. */
            totalHyperPaidOnChain: number;
            totalJobsOnChain: number;
        };
        /** Vault */
        Vault: {
            address: string;
            decimals: number;
            genesisHash: string;
            mint: string;
            rpcUrl: string | null;
            tokenAccount: string;
            tokenProgram: string;
        };
        /** Verification */
        Verification: {
            assurance: string;
            auditJobId?: string | null;
            auditor?: string | null;
            /** @default  */
            evidence?: string;
            figures?: {
                [key: string]: number;
            };
            verdict: string;
        };
        /** WalletAnswer */
        WalletAnswer: {
            /** @default true */
            success?: boolean;
            vault: components["schemas"]["Vault"];
            wallet: components["schemas"]["WalletState"];
        };
        /** WalletState */
        WalletState: {
            /** @description HYPER. */
            balance: number;
            /** @description HYPER. */
            earned: number;
            /** @description HYPER. */
            held: number;
            /** @description HYPER. */
            payingOut: number;
            walletAddress: string;
        };
        /** Withdraw */
        Withdraw: {
            /**
             * @description HYPER: a number or a decimal string with at most 6 decimals.
             * @example 10
             * @example 0.5
             */
            amount: number | string;
        };
        /** WithdrawAnswer */
        WithdrawAnswer: {
            message: string;
            payout: components["schemas"]["PayoutView"];
            /** @default true */
            success?: boolean;
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
