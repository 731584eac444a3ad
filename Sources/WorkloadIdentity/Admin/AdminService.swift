public import FoundationEssentials
public import Logging
public import RPC
import SPIFFE
import SwiftProtobuf
import Synchronization
import WireProtos
import ZeroTrust

/// Administration of the identity authority over the admin socket: entries, bundles, rotation.
///
/// The kernel says who calls. Every act is first judged by the ``AdminPolicy``, then handed to `onAct`, and only then
/// done: an act that cannot be recorded does not happen.
///
/// ```swift
/// let admin = AdminService(authority: authority, registry: registry, policy: policy, logger: logger)
/// let server = RPCServer(services: [admin.service])
/// ```
public final class AdminService: Sendable {
    private let authority: Authority
    private let registry: EntryRegistry
    private let federation: FederatedBundles
    private let logger: Logger
    private let version: String
    private let streams: @Sendable () -> Int
    private let clock: @Sendable () -> Date
    private let onReload: @Sendable () throws -> (policy: AdminPolicy, digest: String)
    private let onAct: @Sendable (AdminAct) async throws -> Void
    private let started: Date

    // Guards the policy in force.
    private let policy: Mutex<AdminPolicy>

    /// A service.
    ///
    /// - Parameters:
    ///   - authority: whose certificates are shown and rotated.
    ///   - registry: whose entries are shown and changed.
    ///   - federation: the bundles of other trust domains; nil where there are none.
    ///   - policy: who may.
    ///   - version: the program's version, for `Status`.
    ///   - streams: how many Workload API streams are open, for `Status`.
    ///   - clock: the time of day.
    ///   - logger: where refusals and changes are told.
    ///   - onReload: reads the configuration again, puts its entries in force, and returns the rest.
    ///   - onAct: records each act; where it throws, the act is not done.
    public init(
        authority: Authority,
        registry: EntryRegistry,
        federation: FederatedBundles? = nil,
        policy: AdminPolicy,
        version: String = "",
        streams: @escaping @Sendable () -> Int = { 0 },
        clock: @escaping @Sendable () -> Date = { Date() },
        logger: Logger,
        onReload: @escaping @Sendable () throws -> (policy: AdminPolicy, digest: String) = {
            throw RPCStatus(.unimplemented, "there is no configuration to read")
        },
        onAct: @escaping @Sendable (AdminAct) async throws -> Void = { _ in }
    ) {
        self.authority = authority
        self.registry = registry
        self.federation = federation ?? FederatedBundles(logger: logger)
        self.policy = Mutex(policy)
        self.version = version
        self.streams = streams
        self.clock = clock
        self.logger = logger
        self.onReload = onReload
        self.onAct = onAct
        self.started = clock()
    }

    /// Puts another policy in force.
    public func replace(policy: AdminPolicy) {
        self.policy.withLock { $0 = policy }
    }

    /// The service, for an `RPCServer`.
    public var service: RPCService {
        RPCService(
            ServiceName.admin,
            methods: [
                .unary("ListEntries", handler: listEntries),
                .unary("ShowEntry", handler: showEntry),
                .unary("CreateEntry", handler: createEntry),
                .unary("DeleteEntry", handler: deleteEntry),
                .unary("ShowBundle", handler: showBundle),
                .unary("ListFederation", handler: listFederation),
                .unary("RefreshFederation", handler: refreshFederation),
                .unary("CreateJoinToken", handler: createJoinToken),
                .unary("RotateAuthority", handler: rotateAuthority),
                .unary("Status", handler: status),
                .unary("Revoke", handler: revoke),
                .unary("Restore", handler: restore),
                .unary("ListRevocations", handler: listRevocations), .unary("Reload", handler: reload),
            ]
        )
    }

    /// Reads the configuration again; returns its digest.
    ///
    /// - Throws: where it is refused; what is in force stays then, whole.
    @discardableResult
    public func reload() throws -> String {
        let next = try onReload()
        replace(policy: next.policy)
        return next.digest
    }

    private func reload(_ request: Admin_ReloadRequest, _ context: RPCContext) async throws -> Admin_ReloadResponse {
        try await perform(.reloadConfiguration, on: "", context) { _ in
            var response = Admin_ReloadResponse()
            do { response.digest = try reload() } catch let error as RPCStatus { throw error } catch {
                throw RPCStatus(.failedPrecondition, "\(error)")
            }
            return response
        }
    }

    private func listEntries(
        _ request: Admin_ListEntriesRequest,
        _ context: RPCContext
    ) async throws -> Admin_ListEntriesResponse {
        try await perform(.listEntries, on: "", context) { _ in
            var response = Admin_ListEntriesResponse()
            response.entries = registry.snapshot.sorted.map(Admin_Entry.init)
            return response
        }
    }

    private func showEntry(_ request: Admin_ShowEntryRequest, _ context: RPCContext) async throws -> Admin_Entry {
        try await perform(.showEntry, on: request.name, context) { _ in
            guard let item = registry.snapshot.items[request.name] else {
                throw IdentityError(.notFound, "there is no entry `\(request.name.prefix(253))`")
            }
            return Admin_Entry(item)
        }
    }

    private func createEntry(_ request: Admin_CreateEntryRequest, _ context: RPCContext) async throws -> Admin_Entry {
        try await perform(.createEntry, on: request.entry.name, context) { caller in
            let entry = try request.entry.read()
            for domain in entry.federatesWith where !federation.isConfigured(domain) {
                throw IdentityError(.notFound, "`\(domain)` is federated with by no FederatedTrustDomain")
            }
            let stored = try await registry.create(entry, by: caller.description, at: clock())
            return Admin_Entry(EntrySnapshot.Item(entry: stored.entry, source: .command(stored)))
        }
    }

    private func deleteEntry(
        _ request: Admin_DeleteEntryRequest,
        _ context: RPCContext
    ) async throws -> Admin_DeleteEntryResponse {
        try await perform(.deleteEntry, on: request.name, context) { _ in
            try await registry.delete(request.name)
            return Admin_DeleteEntryResponse()
        }
    }

    private func showBundle(
        _ request: Admin_ShowBundleRequest,
        _ context: RPCContext
    ) async throws -> Admin_ShowBundleResponse {
        try await perform(.showBundle, on: request.trustDomain, context) { _ in
            let own = authority.options.trustDomain
            var document = authority.document
            if !request.trustDomain.isEmpty, request.trustDomain != own.name {
                guard let domain = try? TrustDomain(request.trustDomain), let bundle = federation.bundle(of: domain)
                else {
                    throw IdentityError(
                        .notFound,
                        "there is no bundle of `\(request.trustDomain.prefix(255))`; "
                            + "`lapwing identity federation list` says of whom there are any, and why not"
                    )
                }
                document = bundle
            }
            var response = Admin_ShowBundleResponse()
            response.trustDomain = document.trustDomain.name
            response.pem = document.x509Bundle.pem
            response.document = Data(document.document.utf8)
            response.sequence = document.sequence ?? 0
            return response
        }
    }

    private func listFederation(
        _ request: Admin_ListFederationRequest,
        _ context: RPCContext
    ) async throws -> Admin_ListFederationResponse {
        try await perform(.listFederation, on: "", context) { _ in
            var response = Admin_ListFederationResponse()
            response.trustDomains = federation.statuses.map(Admin_FederatedTrustDomain.init)
            return response
        }
    }

    private func refreshFederation(
        _ request: Admin_RefreshFederationRequest,
        _ context: RPCContext
    ) async throws -> Admin_RefreshFederationResponse {
        try await perform(.refreshFederation, on: "", context) { _ in
            federation.refresh()
            return Admin_RefreshFederationResponse()
        }
    }

    private func createJoinToken(
        _ request: Admin_CreateJoinTokenRequest,
        _ context: RPCContext
    ) async throws -> Admin_CreateJoinTokenResponse {
        try await perform(.createJoinToken, on: request.name, context) { caller in
            let made = try await registry.createJoinToken(
                request.name,
                lifetime: request.ttl == 0 ? JoinToken.defaultLifetime : TimeInterval(request.ttl),
                by: caller.description,
                at: clock()
            )
            var response = Admin_CreateJoinTokenResponse()
            response.token = made.secret.value
            response.expires = Google_Protobuf_Timestamp(made.token.expiresAt)
            return response
        }
    }

    private func rotateAuthority(
        _ request: Admin_RotateAuthorityRequest,
        _ context: RPCContext
    ) async throws -> Admin_AuthorityStatus {
        let step =
            switch request.phase {
            case .prepare: "prepare"
            case .activate: "activate"
            case .prune: "prune"
            case .unspecified: "rotate"
            case .UNRECOGNIZED(let number): "phase \(number)"
            }
        return try await perform(.rotateAuthority, on: request.force ? step + " by force" : step, context) { _ in
            switch request.phase {
            case .prepare: try await authority.prepare()
            case .activate: try await authority.activate(force: request.force)
            case .prune: try await authority.prune(force: request.force)
            case .unspecified: try await authority.rotate()
            case .UNRECOGNIZED: throw IdentityError(.invalidArgument, "a rotation has no \(step)")
            }
            return Admin_AuthorityStatus(authority.state)
        }
    }

    private func status(_ request: Admin_StatusRequest, _ context: RPCContext) async throws -> Admin_StatusResponse {
        try await perform(.status, on: "", context) { _ in
            var response = Admin_StatusResponse()
            response.trustDomain = authority.options.trustDomain.name
            response.authority = Admin_AuthorityStatus(authority.state)
            response.entries = UInt64(registry.snapshot.items.count)
            response.streams = UInt64(streams())
            response.issued = authority.issued
            response.version = version
            response.started = Google_Protobuf_Timestamp(started)
            return response
        }
    }

    private func revoke(
        _ request: Admin_RevokeRequest,
        _ context: RPCContext
    ) async throws -> Admin_Revocation {
        try await perform(.revoke, on: request.subject, context) { caller in
            let revocation = try Revocation(
                try Revocation.Subject(request.subject),
                reason: request.reason,
                creator: caller.description,
                at: clock()
            )
            try await registry.revoke(revocation)
            return Admin_Revocation(revocation)
        }
    }

    private func restore(
        _ request: Admin_RestoreRequest,
        _ context: RPCContext
    ) async throws -> Admin_RestoreResponse {
        try await perform(.restore, on: request.subject, context) { _ in
            try await registry.restore(try Revocation.Subject(request.subject))
            return Admin_RestoreResponse()
        }
    }

    private func listRevocations(
        _ request: Admin_ListRevocationsRequest,
        _ context: RPCContext
    ) async throws -> Admin_ListRevocationsResponse {
        try await perform(.listRevocations, on: "", context) { _ in
            var response = Admin_ListRevocationsResponse()
            response.revocations = registry.revocations.map(Admin_Revocation.init)
            return response
        }
    }

    /// Judges an act, has it recorded, does it, and says in gRPC's terms how it went.
    private func perform<Result>(
        _ action: AdminAction,
        on subject: String,
        _ context: RPCContext,
        _ body: (AdminCaller) async throws -> Result
    ) async throws -> Result {
        guard let credentials = context.credentials else {
            throw RPCStatus(.unauthenticated, "only the admin socket says who calls")
        }
        let caller = AdminCaller.user(credentials.uid)
        // What is recorded is bounded, whatever was sent.
        let subject = PrintableLine.of(subject, limit: 256)
        let isPermitted = policy.withLock { $0.permits(caller, action) }
        try await record(caller, action, subject, isPermitted ? .allowed : .denied)
        guard isPermitted else {
            logger.warning(
                "admin act refused",
                metadata: ["admin.caller": "\(caller)", "admin.action": "\(action.rawValue)"]
            )
            throw RPCStatus(
                .permissionDenied,
                "\(caller) may not do `\(action.rawValue)`; an AdminPolicy gives roles to users and workloads"
            )
        }
        do {
            let result = try await body(caller)
            if action.isChange {
                logger.notice(
                    "admin act done",
                    metadata: [
                        "admin.caller": "\(caller)", "admin.action": "\(action.rawValue)",
                        "admin.subject": "\(subject)",
                    ]
                )
            }
            return result
        } catch {
            try await record(caller, action, subject, .failed("\(error)"))
            throw Self.status(of: error)
        }
    }

    private func record(
        _ caller: AdminCaller,
        _ action: AdminAction,
        _ subject: String,
        _ outcome: AdminAct.Outcome
    ) async throws {
        do {
            try await onAct(
                AdminAct(caller: caller, action: action, subject: subject, outcome: outcome, time: clock())
            )
        } catch {
            logger.error(
                "admin act not recorded",
                metadata: ["admin.action": "\(action.rawValue)", "error": "\(error)"]
            )
            throw RPCStatus(.unavailable, "the act cannot be recorded, and is not done" + WhyNotKept.words)
        }
    }

    /// An administrator is told what went wrong.
    private static func status(of error: any Error) -> RPCStatus {
        switch error {
        case let error as RPCStatus: error
        case let error as IdentityError: RPCStatus(error.code.status, error.description)
        case is CancellationError: RPCStatus(.cancelled)
        default: RPCStatus(.internalError, "\(error)")
        }
    }
}

extension IdentityError.Code {
    /// The same in gRPC's terms.
    fileprivate var status: RPCStatus.Code {
        switch self {
        case .invalidArgument: .invalidArgument
        case .alreadyExists: .alreadyExists
        case .notFound: .notFound
        case .conflict: .failedPrecondition
        case .unavailable, .exhausted: .unavailable
        case .processGone: .permissionDenied
        case .badFile, .issuance: .internalError
        }
    }
}
