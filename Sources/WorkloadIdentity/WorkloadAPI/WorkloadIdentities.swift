import FoundationEssentials
import Logging
import RPC
import SPIFFE
import SwiftProtobuf
import WireProtos
import ZeroTrust

/// The X.509-SVIDs of one stream: issues what is missing or due, checks it, and says what has to be sent.
struct WorkloadIdentities {
    private struct Held {
        let svid: IssuedSVID
        let grant: EntryGrant
        var renewal: Date

        var request: SVIDRequest { grant.request }
    }

    /// What a message held, to know whether the next is news.
    private struct Sent: Hashable {
        var svids: [String] = []
        var bundle: X509Bundle?
        var federated: [X509Bundle] = []
    }

    private let authority: Authority
    private let proofs: ModelProofs
    private let federation: FederatedBundles
    private let clock: @Sendable () -> Date
    private let logger: Logger
    private var held: [String: Held] = [:]
    private var sent = Sent()
    /// What was issued and not yet taken note of, with the entry that it is by.
    private var issued: [(svid: IssuedSVID, entry: WorkloadEntry)] = []

    /// How long a failed renewal waits for its next try, while the SVID held is still good.
    private static let retryDelay: TimeInterval = 5

    init(
        authority: Authority,
        proofs: ModelProofs,
        federation: FederatedBundles,
        clock: @escaping @Sendable () -> Date,
        logger: Logger
    ) {
        self.authority = authority
        self.proofs = proofs
        self.federation = federation
        self.clock = clock
        self.logger = logger
    }

    /// When the next SVID is due, and which there are.
    var pushed: Pushed {
        Pushed(
            deadline: held.values.map(\.renewal).min(),
            serialNumbers: held.values.compactMap { RevocationSet.serialNumber($0.svid.serialNumber) }
        )
    }

    /// The SVIDs as they were last brought up to date, in the order of the grants; for one ID once.
    private(set) var svids: [IssuedSVID] = []

    /// What was issued since this was asked last.
    mutating func takeIssued() -> [(svid: IssuedSVID, entry: WorkloadEntry)] {
        defer { issued = [] }
        return issued
    }

    /// Brings the SVIDs up to date with the entries and the bundle; a certificate that was revoked is replaced.
    ///
    /// - Returns: the full state, where it is not what was sent last.
    /// - Throws: `RPCStatus` UNAVAILABLE where an SVID is missing and none can be issued.
    mutating func update(
        _ grants: [EntryGrant],
        revocations: RevocationSet = RevocationSet()
    ) throws -> WorkloadAPI_X509SVIDResponse? {
        let bundle = authority.bundle
        let signers = Set(authority.state.slots.filter { !$0.isReplacedEarly }.map(\.id))
        let now = clock()
        var next: [String: Held] = [:]
        for grant in grants {
            let entry = grant.entry
            if let current = held[entry.name], current.request == grant.request, now < current.renewal,
                current.grant.proof == grant.proof,
                signers.contains(current.svid.authority), !current.svid.isRevoked(by: revocations)
            {
                next[entry.name] = current
            } else {
                next[entry.name] = try renew(grant, bundle, at: now)
            }
        }
        held = next
        svids = []
        for grant in grants where !svids.contains(where: { $0.id == grant.entry.id }) {
            if let svid = held[grant.entry.name]?.svid { svids.append(svid) }
        }

        var response = WorkloadAPI_X509SVIDResponse()
        let federated = federation.bundles(of: grants.federatesWith).believed
        var state = Sent(bundle: bundle, federated: federated)
        // Under each trust domain's own name, and never merged (Workload API §4.6).
        for other in federated { response.federatedBundles[other.trustDomain.id.description] = Data(other.der) }
        var hints: Set<String> = []
        for entry in grants.map(\.entry) {
            guard let svid = held[entry.name]?.svid else { continue }
            var message = WorkloadAPI_X509SVID()
            message.spiffeID = svid.id.description
            message.x509Svid = Data(svid.chain.joined())
            message.x509SvidKey = Data(svid.privateKey.value)
            message.bundle = Data(bundle.der)
            // A hint stands once in a response (Workload API §8): the first entry by name keeps it.
            if let hint = entry.hint, hints.insert(hint).inserted { message.hint = hint }
            response.svids.append(message)
            state.svids.append("\(entry.name) \(svid.serialNumber) \(message.hint)")
        }
        guard state != sent else { return nil }
        sent = state
        return response
    }

    /// Issues and checks an SVID; where that fails, one that is still good is kept and tried again soon.
    private mutating func renew(_ grant: EntryGrant, _ bundle: X509Bundle, at now: Date) throws -> Held {
        let entry = grant.entry
        do {
            let svid = try authority.issue(grant.request)
            // Noted before anybody gets it, so that whatever withdraws the proof revokes it.
            switch grant.proof.map({ proofs.note(svid, under: $0) }) {
            case nil, .noted: break
            case .withdrawn: throw RPCStatus(.permissionDenied, "no identity is issued to this process")
            // One that is held and good stays with the stream.
            case .full:
                throw IdentityError(
                    .exhausted,
                    "\(ModelProofs.maximumIssued) certificates stand on one proof of a loaded model"
                )
            }
            let checked = try X509SVID(chainDER: svid.chain, keyPKCS8: svid.privateKey.value, hint: entry.hint)
            guard checked.id == entry.id else {
                throw IdentityError(.issuance, "an SVID was issued for `\(checked.id)` instead of `\(entry.id)`")
            }
            try checked.check(against: bundle, at: now)
            let renewal = RenewalSchedule.renewal(
                issuedAt: svid.issuedAt,
                notAfter: svid.notAfter,
                jitter: .random(in: -1...1)
            )
            issued.append((svid, entry))
            return Held(svid: svid, grant: grant, renewal: renewal)
        } catch let status as RPCStatus {
            throw status
        } catch {
            logger.error("X.509-SVID not issued", metadata: ["spiffe.id": "\(entry.id)", "error": "\(error)"])
            if var current = held[entry.name], current.request == grant.request, current.grant.proof == grant.proof,
                now < current.svid.notAfter
            {
                current.renewal = now + Self.retryDelay
                return current
            }
            if (error as? IdentityError)?.code == .exhausted {
                throw RPCStatus(
                    .resourceExhausted,
                    "\(ModelProofs.maximumIssued) certificates that have not expired stand on this workload's model; keep one "
                        + "stream open instead of fetching anew"
                )
            }
            throw RPCStatus(.unavailable, "an identity cannot be issued at the moment")
        }
    }
}

extension [SPIFFEBundle] {
    /// Their X.509 authorities, without the trust domains that have none.
    ///
    /// A bundle without authorities means that nobody of the trust domain is believed (Trust Domain and Bundle §4.1.3),
    /// and so does one that is not sent; many clients refuse a whole message for an empty one.
    var believed: [X509Bundle] { map(\.x509Bundle).filter { !$0.authoritiesDER.isEmpty } }
}

extension IssuedSVID {
    /// Whether the certificate itself is revoked.
    fileprivate func isRevoked(by revocations: RevocationSet) -> Bool { revocations.revokes(number: serialNumber) }
}
