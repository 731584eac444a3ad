import Crypto
public import FoundationEssentials
public import Logging
public import RPC
import SPIFFE
import WireProtos
import ZeroTrust

/// X.509-SVIDs for workloads that no kernel of ours sees: for what they prove, and for a key that never leaves them.
///
/// The process that speaks to strangers hands over what they show. A challenge binds each request to this moment, and a
/// signature over it to the key; an ``EvidenceVerifier`` says what the evidence proves, and the entries say what that is
/// worth. What is issued lives for a quarter of an hour at most, and no longer than what was proved: nobody sees it end.
///
/// ```swift
/// let remote = RemoteAttestation(
///     authority: authority, registry: registry, federation: federation, verifiers: [tokens], allowedUIDs: [gatewayUID],
///     logger: logger
/// )
/// let server = RPCServer(services: [remote.service])
/// ```
public final class RemoteAttestation: Sendable {
    /// The longest life of an SVID that is issued so.
    public static let maximumLifetime: TimeInterval = 900
    /// The longest evidence, in bytes.
    public static let maximumEvidence = 64 * 1024

    private let authority: Authority
    private let registry: EntryRegistry
    private let federation: FederatedBundles
    private let verifiers: [String: any EvidenceVerifier]
    private let allowedUIDs: Set<UInt32>
    private let challenges: Challenges
    private let clock: @Sendable () -> Date
    private let logger: Logger
    private let onCertify: @Sendable ([RemoteIssuance]) async throws -> Void

    /// A service.
    ///
    /// - Parameters:
    ///   - authority: who issues.
    ///   - registry: who gets what.
    ///   - federation: the bundles of other trust domains.
    ///   - verifiers: who looks at evidence, each at its own kind.
    ///   - allowedUIDs: the users that the process may run as which speaks to strangers.
    ///   - clock: the time of day.
    ///   - logger: where refusals are told.
    ///   - onCertify: records what is about to be handed out; where it throws, nothing is.
    public init(
        authority: Authority,
        registry: EntryRegistry,
        federation: FederatedBundles,
        verifiers: [any EvidenceVerifier],
        allowedUIDs: Set<UInt32>,
        clock: @escaping @Sendable () -> Date = { Date() },
        logger: Logger,
        onCertify: @escaping @Sendable ([RemoteIssuance]) async throws -> Void = { _ in }
    ) {
        self.authority = authority
        self.registry = registry
        self.federation = federation
        self.verifiers = Dictionary(verifiers.map { ($0.kind, $0) }) { first, _ in first }
        self.allowedUIDs = allowedUIDs
        self.challenges = Challenges()
        self.clock = clock
        self.logger = logger
        self.onCertify = onCertify
    }

    /// The service, for an `RPCServer`.
    public var service: RPCService {
        RPCService(
            ServiceName.remoteAttestation,
            methods: [.unary("Challenge", handler: challenge), .unary("Certify", handler: certify)],
            intercept: { [allowedUIDs] context in
                guard let uid = context.credentials?.uid, allowedUIDs.contains(uid) else {
                    throw RPCStatus(.permissionDenied, "evidence is handed over by the gateway's user only")
                }
            }
        )
    }

    /// What a key signs to show that it is there, and what evidence that is made for the moment has in it.
    public static func binding(challenge: [UInt8], publicKey: [UInt8]) -> [UInt8] {
        var hash = SHA256()
        hash.update(data: Array("lapwing attestation 1\n".utf8))
        hash.update(data: challenge)
        hash.update(data: publicKey)
        return Array(hash.finalize())
    }

    private func challenge(
        _ request: Remote_ChallengeRequest,
        _ context: RPCContext
    ) async throws -> Remote_ChallengeResponse {
        var response = Remote_ChallengeResponse()
        response.challenge = Data(challenges.make())
        return response
    }

    private func certify(
        _ request: Remote_CertifyRequest,
        _ context: RPCContext
    ) async throws -> Remote_CertifyResponse {
        guard request.document.count <= Self.maximumEvidence, request.publicKey.count <= 256, request.proof.count <= 128
        else { throw RPCStatus(.invalidArgument, "the request is larger than any that is looked at") }
        guard challenges.isOpen(Array(request.challenge)) else { throw Self.notOpen }
        let publicKey: P256.Signing.PublicKey
        let binding = Self.binding(challenge: Array(request.challenge), publicKey: Array(request.publicKey))
        do {
            publicKey = try P256.Signing.PublicKey(derRepresentation: request.publicKey)
            let proof = try P256.Signing.ECDSASignature(derRepresentation: request.proof)
            // One encoding of a key, so that nobody can have two bindings for it.
            guard publicKey.derRepresentation == request.publicKey, publicKey.isValidSignature(proof, for: binding)
            else {
                throw RPCStatus(.invalidArgument, "the key did not sign the challenge")
            }
        } catch let status as RPCStatus {
            throw status
        } catch {
            throw RPCStatus(.invalidArgument, "a P-256 public key and its signature are needed")
        }
        // Only who has the key can use up a challenge.
        switch challenges.take(Array(request.challenge)) {
        case .taken: break
        case .refused: throw Self.notOpen
        case .full: throw RPCStatus(.resourceExhausted, "too many challenges were answered in this minute")
        }
        let proven = try await verify(request, binding)
        return try await certify(proven, publicKey, request)
    }

    private static var notOpen: RPCStatus {
        RPCStatus(.invalidArgument, "the challenge was not given out, was answered, or is over")
    }

    /// What the evidence proves.
    private func verify(_ request: Remote_CertifyRequest, _ binding: [UInt8]) async throws -> ProvenWorkload {
        guard let verifier = verifiers[request.kind] else {
            throw RPCStatus(.permissionDenied, "evidence of that kind is not looked at here")
        }
        do {
            return try await verifier.verify(RemoteEvidence(document: Array(request.document), binding: binding))
        } catch let refusal as EvidenceRefusal {
            throw refused(request, refusal.description)
        } catch {
            logger.error(
                "evidence cannot be looked at now",
                metadata: ["evidence.kind": "\(verifier.kind)", "error": "\(error)"]
            )
            throw RPCStatus(.unavailable, "evidence cannot be looked at now")
        }
    }

    private func refused(_ request: Remote_CertifyRequest, _ reason: String) -> RPCStatus {
        logger.warning(
            "remote workload refused",
            metadata: [
                "evidence.kind": "\(PrintableLine.of(request.kind))",
                "source.address": "\(PrintableLine.of(request.remoteAddress))", "reason": "\(PrintableLine.of(reason))",
            ]
        )
        return RPCStatus(.permissionDenied, "no identity is issued for this evidence")
    }

    private func certify(
        _ proven: ProvenWorkload,
        _ publicKey: P256.Signing.PublicKey,
        _ request: Remote_CertifyRequest
    ) async throws -> Remote_CertifyResponse {
        // What has a model loaded is not seen from here.
        let grants = registry.snapshot.grants(matching: proven.selectors, proofs: []).filter { grant in
            proven.only.map { $0 == grant.entry.id } ?? true
        }
        guard !grants.isEmpty else { throw refused(request, "no entry fits \(proven.name)") }
        let left = proven.until.map { $0.timeIntervalSince(clock()) } ?? Self.maximumLifetime
        guard left >= 1 else { throw refused(request, "what \(proven.name) proved is over") }
        var response = Remote_CertifyResponse()
        var issued: [RemoteIssuance] = []
        var seen: Set<SPIFFEID> = []
        for grant in grants where seen.insert(grant.entry.id).inserted {
            var wanted = grant.request
            wanted.lifetime = min(wanted.lifetime ?? Self.maximumLifetime, Self.maximumLifetime, left)
            let svid: CertifiedSVID
            do { svid = try authority.certify(wanted, publicKey) } catch {
                logger.error(
                    "X.509-SVID not issued",
                    metadata: ["spiffe.id": "\(grant.entry.id)", "error": "\(error)"]
                )
                throw RPCStatus(.unavailable, "an identity cannot be issued at the moment")
            }
            var message = Remote_CertifiedSVID()
            message.spiffeID = svid.id.description
            message.chain = svid.chain.map { Data($0) }
            message.hint = grant.entry.hint ?? ""
            message.notAfter = Int64(svid.notAfter.timeIntervalSince1970)
            response.svids.append(message)
            issued.append(
                RemoteIssuance(
                    id: svid.id,
                    serialNumber: svid.serialNumber,
                    authority: svid.authority,
                    notAfter: svid.notAfter,
                    entry: grant.entry.name,
                    kind: request.kind,
                    workload: PrintableLine.of(proven.name),
                    remoteAddress: PrintableLine.of(request.remoteAddress)
                )
            )
        }
        for bundle in [authority.bundle] + federation.bundles(of: grants.federatesWith).believed {
            response.bundles[bundle.trustDomain.id.description] = Data(bundle.der)
        }
        do { try await onCertify(issued) } catch {
            logger.error("X.509-SVID not recorded", metadata: ["error": "\(error)"])
            throw RPCStatus(.unavailable, "the identity cannot be recorded, and is not handed out")
        }
        return response
    }
}
