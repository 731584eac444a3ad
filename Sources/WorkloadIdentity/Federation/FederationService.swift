import FoundationEssentials
public import RPC
import SPIFFE
import SwiftProtobuf
import WireProtos
import ZeroTrust

/// The authority's side of federation: tells the process that speaks to other trust domains every bundle, and takes what
/// it has fetched.
///
/// That process parses what strangers send and holds no key but its own SVID's; what it hands over is parsed again here
/// and counts only for a trust domain that the configuration names.
///
/// ```swift
/// let federation = FederationService(authority: authority, federation: bundles, allowedUIDs: [gatewayUID])
/// let server = RPCServer(services: [federation.service])
/// ```
public struct FederationService: Sendable {
    private let authority: Authority
    private let federation: FederatedBundles
    private let allowedUIDs: Set<UInt32>

    /// A service for the users that a gateway may run as.
    public init(authority: Authority, federation: FederatedBundles, allowedUIDs: Set<UInt32>) {
        self.authority = authority
        self.federation = federation
        self.allowedUIDs = allowedUIDs
    }

    /// The service, for an `RPCServer`.
    public var service: RPCService {
        RPCService(
            ServiceName.federation,
            methods: [.serverStreaming("Watch", handler: watch), .unary("Report", handler: report)],
            intercept: { [allowedUIDs] context in
                guard let uid = context.credentials?.uid, allowedUIDs.contains(uid) else {
                    throw RPCStatus(.permissionDenied, "bundles are exchanged by the gateway's user only")
                }
            }
        )
    }

    private func watch(
        _ request: Federation_WatchRequest,
        _ context: RPCContext,
        _ writer: RPCWriter<Federation_State>
    ) async throws {
        let (wakes, wake) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        // Observed before the first look, so that no change falls in between.
        let own = authority.changes.observe { wake.yield() }
        let foreign = federation.changes.observe { wake.yield() }
        defer {
            authority.changes.remove(own)
            federation.changes.remove(foreign)
        }
        wake.yield()
        var sent: Federation_State?
        for await _ in wakes {
            let state = state()
            guard state != sent else { continue }
            try await writer.write(state)
            sent = state
        }
    }

    private func state() -> Federation_State {
        var state = Federation_State()
        // Before the authority has a certificate there is nothing to serve.
        if authority.isReady {
            state.own.trustDomain = authority.options.trustDomain.name
            state.own.document = Data(authority.document.document.utf8)
        }
        state.foreign = federation.statuses.compactMap { status in
            guard let bundle = status.bundle else { return nil }
            var message = Federation_Bundle()
            message.trustDomain = bundle.trustDomain.name
            message.document = Data(bundle.document.utf8)
            return message
        }
        state.refreshes = federation.refreshes
        return state
    }

    private func report(
        _ request: Federation_ReportRequest,
        _ context: RPCContext
    ) async throws -> Federation_ReportResponse {
        let trustDomain: TrustDomain
        do { trustDomain = try TrustDomain(request.trustDomain) } catch {
            throw RPCStatus(.invalidArgument, "`\(PrintableLine.of(request.trustDomain))` is no trust domain")
        }
        var response = Federation_ReportResponse()
        switch request.outcome {
        case .failure(let problem): federation.note(problem, of: trustDomain, under: request.relationship)
        case .document(let document):
            do {
                response.changed = try await federation.take(
                    Array(document),
                    of: trustDomain,
                    under: request.relationship
                )
            } catch let error as IdentityError {
                switch error.code {
                case .invalidArgument: throw RPCStatus(.invalidArgument, error.message)
                case .notFound: throw RPCStatus(.notFound, error.message)
                default: throw RPCStatus(.unavailable, "the bundle cannot be kept now: \(error.message)")
                }
            } catch {
                throw RPCStatus(.unavailable, "the bundle cannot be kept now: \(error)")
            }
        case nil: throw RPCStatus(.invalidArgument, "`document` or `failure` is needed")
        }
        return response
    }
}
