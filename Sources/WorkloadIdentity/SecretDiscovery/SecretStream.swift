import RPC
import Synchronization
import WireProtos

/// What one Envoy has asked for on one stream, what it was told last, and what it said of that.
///
/// Requests come and answers go independently, so all of it lies under one lock.
final class SecretStream: Sendable {
    /// The most names that one stream may ask for.
    static let maximumNames = 256
    /// The longest name, in bytes: that of a SPIFFE ID (SPIFFE ID §2.3).
    private static let longestName = 2048

    private struct State {
        /// What is asked for, by the names as they came; nil before the first request, empty for everything.
        var names: [String]?
        /// What was sent last.
        var sent: (nonce: String, version: String, names: [String])?
        var count: UInt64 = 0
    }

    private let state = Mutex(State())

    /// What a request was.
    enum Request: Equatable {
        /// Something is asked for that was not sent yet.
        case news
        /// What was sent was taken.
        case accepted
        /// What was sent was not taken, for this reason; it stays with what it had.
        case refused(String)
        /// It answers something that was sent before what was sent last.
        case stale
    }

    /// Takes a request in.
    ///
    /// - Throws: `RPCStatus` INVALID_ARGUMENT for another kind of resource, or for names beyond the limits.
    func take(_ request: Discovery_DiscoveryRequest) throws -> Request {
        guard request.typeURL.isEmpty || request.typeURL == SecretDiscovery.typeURL else {
            throw RPCStatus(.invalidArgument, "only secrets are served here: `\(SecretDiscovery.typeURL)`")
        }
        guard request.resourceNames.count <= Self.maximumNames,
            request.resourceNames.allSatisfy({ $0.utf8.count <= Self.longestName })
        else { throw RPCStatus(.invalidArgument, "a stream may name \(Self.maximumNames) secrets") }
        return state.withLock { state in
            // An answer to what has been replaced meanwhile says nothing about what replaced it.
            if let sent = state.sent, request.responseNonce != sent.nonce {
                guard request.responseNonce.isEmpty else { return .stale }
            }
            let isNews = state.names != request.resourceNames
            state.names = request.resourceNames
            if isNews { return .news }
            return request.hasErrorDetail ? .refused(request.errorDetail.message) : .accepted
        }
    }

    /// What is asked for, each once; nil where nothing was asked for yet.
    var names: [String]? {
        state.withLock { state in
            state.names.map { names in
                var seen: Set<String> = []
                return names.filter { seen.insert($0).inserted }
            }
        }
    }

    /// Numbers an answer; nil where the same was sent last to the same question.
    func send(version: String, for names: [String]) -> (nonce: String, version: String)? {
        state.withLock { state in
            if let sent = state.sent, sent.version == version, sent.names == names { return nil }
            state.count += 1
            let nonce = String(state.count, radix: 16)
            state.sent = (nonce, version, names)
            return (nonce, version)
        }
    }
}
