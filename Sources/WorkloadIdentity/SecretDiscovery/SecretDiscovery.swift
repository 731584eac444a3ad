import Crypto
import Foundation
import Logging
public import RPC
import SPIFFE
import SwiftProtobuf
import WireProtos
import ZeroTrust

/// Envoy's secret discovery service (SDS v3) on the Workload API's socket: a local Envoy gets its own certificate and the
/// roots from here, and each new one as soon as it is there.
///
/// Callers are attested and counted as those of the Workload API are, and get what it would give them, under the names
/// that SPIRE gave the secrets: `default`, `ROOTCA`, `ALL`, a SPIFFE ID, a trust domain's ID; a stream that names nothing
/// gets its certificates and the roots of this trust domain. A name that is none of these, or that the caller is not
/// entitled to, ends the stream with INVALID_ARGUMENT, as at SPIRE. Envoy sends no `workload.spiffe.io`, so none is asked
/// for.
///
/// ```swift
/// let server = RPCServer(services: [api.service, SecretDiscovery(api).service])
/// ```
public struct SecretDiscovery: Sendable {
    /// The kind of resource that is served.
    static let typeURL = "type.googleapis.com/" + TransportSockets_Secret.protoMessageName

    private let api: WorkloadAPIService

    /// A service for the callers of a Workload API.
    public init(_ api: WorkloadAPIService) {
        self.api = api
    }

    /// The service, for an `RPCServer`.
    public var service: RPCService {
        RPCService(
            ServiceName.secretDiscovery,
            methods: [
                .bidirectional("StreamSecrets", handler: stream),
                .unary("FetchSecrets", handler: fetch),
            ]
        )
    }

    /// `StreamSecrets`.
    private func stream(
        _ requests: RPCMessages<Discovery_DiscoveryRequest>,
        _ context: RPCContext,
        _ writer: RPCWriter<Discovery_DiscoveryResponse>
    ) async throws {
        let state = SecretStream()
        let asked = ChangeFeed()
        let pid = context.credentials.map { "\($0.pid)" } ?? ""
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for try await request in requests {
                    switch try state.take(request) {
                    case .news: asked.announce()
                    case .accepted, .stale: break
                    case .refused(let reason):
                        api.logger.warning(
                            "Envoy refused a secret and keeps what it had",
                            metadata: ["process.pid": "\(pid)", "reason": "\(PrintableLine.of(reason))"]
                        )
                    }
                }
            }
            group.addTask {
                var identities = api.identities()
                var shown: Set<TrustDomain> = []
                try await api.serve(context, asked: asked) { caller in
                    guard let names = state.names else { return Pushed() }
                    let secrets = try secrets(names, caller.grants, &identities, &shown)
                    // What cannot be recorded is not handed out.
                    try await api.record(identities.takeIssued(), for: caller)
                    if let response = try Self.response(secrets, to: names, state) { try await writer.write(response) }
                    return identities.pushed
                }
            }
            // Where either ends, so does the stream.
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    /// `FetchSecrets`.
    private func fetch(
        _ request: Discovery_DiscoveryRequest,
        _ context: RPCContext
    ) async throws -> Discovery_DiscoveryResponse {
        let state = SecretStream()
        _ = try state.take(request)
        return try await api.identify(context) { caller in
            var identities = api.identities()
            var shown: Set<TrustDomain> = []
            let names = state.names ?? []
            let secrets = try secrets(names, caller.grants, &identities, &shown)
            try await api.record(identities.takeIssued(), for: caller)
            return try Self.response(secrets, to: names, state) ?? Discovery_DiscoveryResponse()
        }
    }

    // MARK: Secrets

    /// The secrets of these names, in their order.
    ///
    /// `shown` are the foreign trust domains whose roots the stream has had: what ends a stream leaves Envoy with what it
    /// was given, so that roots which are believed no longer have to be replaced.
    private func secrets(
        _ names: [String],
        _ grants: [EntryGrant],
        _ identities: inout WorkloadIdentities,
        _ shown: inout Set<TrustDomain>
    ) throws -> [TransportSockets_Secret] {
        let bundle = api.authority.bundle
        let federated = api.federation.bundles(of: grants.federatesWith).believed
        var wanted: [(text: String, name: SecretName)] = try names.map { text in
            guard let name = SecretName(text) else {
                throw RPCStatus(
                    .invalidArgument,
                    "there is no secret `\(PrintableLine.of(text))`; there are `default`, `ROOTCA`, `ALL`, SPIFFE IDs and the "
                        + "IDs of trust domains"
                )
            }
            return (text, name)
        }
        if names.isEmpty {
            var seen: Set<SPIFFEID> = []
            wanted = grants.map(\.entry.id).filter { seen.insert($0).inserted }
                .map { ($0.description, .certificate($0)) }
            wanted.append((bundle.trustDomain.id.description, .ownRoots))
        }
        // A stream that asks for roots alone has no certificate made.
        let isDefault = wanted.contains { $0.name == .ownCertificate }
        let needed = grants.enumerated().filter { index, grant in
            isDefault && index == 0 || wanted.contains { $0.name == .certificate(grant.entry.id) }
        }.map(\.element)
        // What is asked for no more is let go, and is not renewed.
        _ = try identities.update(needed, revocations: api.registry.snapshot.revocations)
        return try wanted.map { text, name in
            var secret = TransportSockets_Secret()
            secret.name = text
            switch name {
            case .ownCertificate:
                guard let first = grants.first?.entry.id, let svid = identities.svids.first(where: { $0.id == first })
                else { throw Self.missing(text) }
                secret.tlsCertificate = try Self.certificate(svid)
            case .certificate(let id):
                guard let svid = identities.svids.first(where: { $0.id == id }) else { throw Self.missing(text) }
                secret.tlsCertificate = try Self.certificate(svid)
            case .ownRoots: secret.validationContext.trustedCa.inlineBytes = Data(bundle.pem.utf8)
            case .roots(let domain):
                if let roots = ([bundle] + federated).first(where: { $0.trustDomain == domain }) {
                    secret.validationContext.trustedCa.inlineBytes = Data(roots.pem.utf8)
                    if domain != bundle.trustDomain { shown.insert(domain) }
                } else if shown.contains(domain) || grants.federatesWith.contains(domain) {
                    // A list of no roots is none to Envoy, and would let in anybody.
                    secret.validationContext.trustedCa.inlineBytes = Data(try NobodysRoot.pem.get().utf8)
                } else {
                    throw Self.missing(text)
                }
            case .allRoots: secret.validationContext = try Self.validator([bundle] + federated)
            }
            return secret
        }
    }

    private static func missing(_ name: String) -> RPCStatus {
        RPCStatus(.invalidArgument, "the workload is not entitled to the secret `\(PrintableLine.of(name))`")
    }

    private static func certificate(_ issued: IssuedSVID) throws -> TransportSockets_TlsCertificate {
        let svid = try X509SVID(chainDER: issued.chain, keyPKCS8: issued.privateKey.value)
        var certificate = TransportSockets_TlsCertificate()
        certificate.certificateChain.inlineBytes = Data(svid.chainPEM.utf8)
        certificate.privateKey.inlineBytes = Data(svid.keyPEM.value.utf8)
        return certificate
    }

    /// Envoy's own validator for SPIFFE, in which each trust domain's roots vouch for that domain's IDs alone.
    private static func validator(_ bundles: [X509Bundle]) throws -> TransportSockets_CertificateValidationContext {
        var validator = TransportSockets_SPIFFECertValidatorConfig()
        validator.trustDomains = bundles.map { bundle in
            var domain = TransportSockets_SPIFFECertValidatorConfig.TrustDomain()
            domain.name = bundle.trustDomain.description
            domain.trustBundle.inlineBytes = Data(bundle.pem.utf8)
            return domain
        }
        var context = TransportSockets_CertificateValidationContext()
        context.customValidatorConfig.name = "envoy.tls.cert_validator.spiffe"
        context.customValidatorConfig.typedConfig = try Google_Protobuf_Any(message: validator)
        return context
    }

    // MARK: Answers

    /// The answer, where it is not what was sent last; its version is a digest of what is in it.
    private static func response(
        _ secrets: [TransportSockets_Secret],
        to names: [String],
        _ state: SecretStream
    ) throws -> Discovery_DiscoveryResponse? {
        var hash = SHA256()
        let resources = try secrets.map { secret in
            let resource = try Google_Protobuf_Any(message: secret)
            hash.update(data: resource.value)
            return resource
        }
        let version = Hexadecimal.text(Array(hash.finalize().prefix(8)))
        guard let sent = state.send(version: version, for: names) else { return nil }
        var response = Discovery_DiscoveryResponse()
        response.versionInfo = sent.version
        response.nonce = sent.nonce
        response.typeURL = typeURL
        response.resources = resources
        return response
    }
}
