public import FoundationEssentials
public import Logging
import SPIFFE
import Synchronization
public import ZeroTrust

/// Gives a local process credentials of AWS, as the container credential endpoint of EKS Pod Identity does: a stock SDK
/// that finds `AWS_CONTAINER_CREDENTIALS_FULL_URI` asks here.
///
/// Who asks is told by the owner of the connection, whom the authority attests; no header counts. The caller's own
/// JWT-SVID is exchanged through STS for its role's credentials, so nobody holds a key, the endpoint least of all.
public final class CredentialEndpoint: Sendable {
    /// The two ends of a connection over loopback.
    public struct Connection: Hashable, Sendable {
        /// The caller's end.
        public let client: Exchange.Endpoint
        /// Ours.
        public let server: Exchange.Endpoint

        /// A connection.
        public init(client: Exchange.Endpoint, server: Exchange.Endpoint) {
            self.client = client
            self.server = server
        }
    }

    /// What the endpoint asks of others.
    public struct Sources: Sendable {
        /// The SPIFFE IDs of the process behind a connection.
        public var identities: @Sendable (Connection) async throws -> [SPIFFEID]
        /// A JWT-SVID of that process for an audience.
        public var token: @Sendable (Connection, SPIFFEID, String) async throws -> Redacted<String>
        /// Exchanges a token for a role's credentials.
        public var exchange: @Sendable (STSClient.Request, Redacted<String>) async throws -> TemporaryCredentials
        /// Records what is about to be handed out, or why nothing is; where it throws, nothing is handed out.
        public var record: @Sendable (Act) async throws -> Void

        /// Sources.
        public init(
            identities: @escaping @Sendable (Connection) async throws -> [SPIFFEID],
            token: @escaping @Sendable (Connection, SPIFFEID, String) async throws -> Redacted<String>,
            exchange: @escaping @Sendable (STSClient.Request, Redacted<String>) async throws -> TemporaryCredentials,
            record: @escaping @Sendable (Act) async throws -> Void
        ) {
            self.identities = identities
            self.token = token
            self.exchange = exchange
            self.record = record
        }
    }

    /// What is recorded.
    public struct Act: Hashable, Sendable {
        /// The workload.
        public let id: SPIFFEID
        /// The role; nil where the workload has none.
        public let roleARN: String?
        /// The access key's ID; nil where nothing was handed out.
        public let accessKeyID: String?
        /// Why nothing was, or until when what was lives.
        public let reason: String
        /// Whether the cloud or an error, not a rule of ours, is why nothing was handed out.
        public let isFailure: Bool
    }

    /// What the caller is told.
    public struct Answer: Sendable {
        /// The status of HTTP.
        public let status: Int
        /// JSON; a secret where the status is 200.
        public let body: Redacted<String>
    }

    private let rules: CredentialRules
    private let sources: Sources
    private let clock: @Sendable () -> Date
    private let logger: Logger

    // Guards the credentials that are still good, by the workload that they are for.
    private let held = Mutex<[SPIFFEID: (credentials: TemporaryCredentials, renewal: Date)]>([:])

    /// An endpoint.
    public init(
        _ rules: CredentialRules,
        sources: Sources,
        clock: @escaping @Sendable () -> Date = { Date() },
        logger: Logger
    ) {
        self.rules = rules
        self.sources = sources
        self.clock = clock
        self.logger = logger
    }

    /// Answers one request.
    public func answer(_ connection: Connection) async -> Answer {
        let ids: [SPIFFEID]
        do { ids = try await sources.identities(connection) } catch {
            logger.info("credentials refused: caller not attested", metadata: ["error": "\(error)"])
            return Self.refusal(403, "NotAttested", "no identity is issued to this process")
        }
        do {
            guard let id = ids.first(where: { rules.roles[$0] != nil }), let role = rules.roles[id] else {
                if let first = ids.first {
                    try await sources.record(
                        Act(
                            id: first,
                            roleARN: nil,
                            accessKeyID: nil,
                            reason: "no role is given to it",
                            isFailure: false
                        )
                    )
                }
                return Self.refusal(403, "NoRole", "no role is given to this workload")
            }
            return try await answer(connection, id, role)
        } catch {
            logger.error("credentials not handed out", metadata: ["error": "\(error)"])
            return Self.refusal(503, "Unavailable", "credentials cannot be had at the moment")
        }
    }

    private func answer(
        _ connection: Connection,
        _ id: SPIFFEID,
        _ role: CredentialRules.Role
    ) async throws -> Answer {
        if let entry = held.withLock({ $0[id] }), clock() < entry.renewal {
            // Another process of the same identity gets them too: each time is recorded.
            try await sources.record(
                Act(
                    id: id,
                    roleARN: role.arn,
                    accessKeyID: entry.credentials.accessKeyID,
                    reason: "until \(entry.credentials.expiresAt.formatted(.iso8601)), fetched before",
                    isFailure: false
                )
            )
            return Answer(status: 200, body: Redacted(entry.credentials.document))
        }
        let token = try await sources.token(connection, id, rules.audience)
        let request = STSClient.Request(
            roleARN: role.arn,
            sessionName: CloudTarget.sessionName(for: id),
            duration: role.duration,
            sessionPolicy: role.sessionPolicy
        )
        let credentials: TemporaryCredentials
        do { credentials = try await sources.exchange(request, token) } catch {
            try await sources.record(
                Act(id: id, roleARN: role.arn, accessKeyID: nil, reason: "\(error)", isFailure: true)
            )
            let isRefusal = (error as? CloudIdentityError)?.code == .refused
            logger.warning("credentials not given", metadata: ["spiffe.id": "\(id)", "error": "\(error)"])
            return isRefusal
                ? Self.refusal(403, "Refused", "the cloud does not give this workload credentials")
                : Self.refusal(503, "Unavailable", "the cloud does not answer")
        }
        try await sources.record(
            Act(
                id: id,
                roleARN: role.arn,
                accessKeyID: credentials.accessKeyID,
                reason: "until \(credentials.expiresAt.formatted(.iso8601))",
                isFailure: false
            )
        )
        // An SDK asks again some minutes before the end: it must find new ones then.
        let renewal = clock() + credentials.expiresAt.timeIntervalSince(clock()) / 2
        held.withLock { held in
            held[id] = (credentials, renewal)
        }
        return Answer(status: 200, body: Redacted(credentials.document))
    }

    static func refusal(_ status: Int, _ code: String, _ message: String) -> Answer {
        let json = StrictJSON.object(["code": .string(code), "message": .string(message)])
        return Answer(status: status, body: Redacted(json.text))
    }
}
