import AuditLog
import Authorization
import SPIFFE
import ZeroTrust

extension Attributes {
    /// What the policies saw of a request or a connection, as far as its record tells.
    init(_ record: DecisionRecord) {
        guard record.request.method != DecisionRecord.connectionMethod else {
            self.init(
                connectionOf: record.caller.map { Caller($0) } ?? .anonymous,
                source: record.source.address,
                destination: record.request.destination,
                serverName: record.tls?.serverName
            )
            return
        }
        self.init(
            caller: record.caller.map { Caller($0) } ?? .anonymous,
            method: record.request.method,
            path: record.request.path,
            authority: record.request.authority,
            headers: record.request.headers,
            source: record.source.address,
            destination: record.request.destination,
            serverName: record.tls?.serverName,
            token: record.token.map { TokenClaims($0) }
        )
    }

    /// What the policies saw of a request or a connection, as far as its record tells.
    init(_ record: RecordedRequest) {
        guard record.method != DecisionRecord.connectionMethod else {
            self.init(
                connectionOf: record.caller.map {
                    Caller($0, model: ModelClaim(record.modelDigest, record.modelSigner))
                } ?? .anonymous,
                source: record.source,
                destination: record.destination,
                serverName: record.serverName
            )
            return
        }
        self.init(
            caller: record.caller.map { Caller($0, model: ModelClaim(record.modelDigest, record.modelSigner)) }
                ?? .anonymous,
            method: record.method,
            path: record.path,
            authority: record.authority,
            headers: record.headers,
            source: record.source,
            destination: record.destination,
            serverName: record.serverName,
            token: record.token.map { TokenClaims($0) }
        )
    }
}

extension Caller {
    /// The caller of a record, with the model that its certificate named.
    init(_ recorded: DecisionRecord.Caller) {
        self.init(recorded.spiffeID, model: ModelClaim(recorded.modelDigest, recorded.modelSigner))
    }
}

extension ModelClaim {
    /// What a record says of a model; nil where it says nothing.
    fileprivate init?(_ digest: String?, _ signer: String?) {
        guard let digest, let signer else { return nil }
        self.init(digest: digest, signer: signer)
    }
}

extension ObservedRequest.ProviderAnswer {
    /// What a provider said, as a record tells it; nil where it said nothing.
    init?(_ provider: DecisionRecord.Provider) {
        guard let verdict = ExternalVerdict(provider.answer) else { return nil }
        self.init(provider: provider.name, verdict: verdict)
    }
}

extension ExternalVerdict {
    /// What a provider said, as a record tells it; nil where it said nothing.
    init?(_ answer: DecisionRecord.Provider.Answer) {
        switch answer {
        case .allow, .failedOpen: self = .allow(Changes())
        case .deny: self = .deny(Refusal())
        case .failed: self = .failed(ExternalFailure(.failed, "the record says no more"))
        case .none: return nil
        }
    }
}

extension RecordedRequest {
    /// Whether policies decided it, a provider of theirs included: a route is looked for after them, any other foreign
    /// reason came before.
    var wasDecidedByPolicy: Bool {
        reason.map {
            Decision.Reason(rawValue: $0) != nil || ExternalFailure.Code(rawValue: $0) != nil || $0 == "no_route"
        } ?? true
    }
}
