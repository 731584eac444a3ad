import Crypto
import FoundationEssentials
import Resources
import SPIFFE
import SwiftProtobuf
import WireProtos
import ZeroTrust

extension Admin_Entry {
    /// An entry as it goes over the wire.
    init(_ item: EntrySnapshot.Item) {
        self.init()
        name = item.entry.name
        spiffeID = item.entry.id.description
        selectors = item.entry.selectors.map(\.description).sorted()
        if let lifetime = item.entry.lifetime { ttl = Google_Protobuf_Duration(seconds: Int64(lifetime)) }
        dnsNames = item.entry.dnsNames
        subject = item.entry.subject?.description ?? ""
        hint = item.entry.hint ?? ""
        federatesWith = item.entry.federatesWith.map(\.name).sorted()
        outlivesProcess = item.entry.outlivesProcess
        modelLoader = item.entry.modelLoader?.rawValue ?? ""
        switch item.source {
        case .file(let place):
            source = .file
            location = place.description
        case .command: source = .store
        }
    }

    /// The entry that a message describes.
    ///
    /// - Throws: ``IdentityError`` with `invalidArgument` where it could never match or never be issued.
    func read() throws(IdentityError) -> WorkloadEntry {
        let id: SPIFFEID
        do {
            id = try SPIFFEID(spiffeID)
        } catch {
            throw IdentityError(.invalidArgument, "`\(spiffeID.prefix(200))` is no SPIFFE ID: \(error)")
        }
        guard !hasTtl || ttl.nanos == 0 else {
            throw IdentityError(.invalidArgument, "an SVID's life is counted in whole seconds")
        }
        var domains: Set<TrustDomain> = []
        for name in federatesWith {
            do { domains.insert(try TrustDomain(name)) } catch {
                throw IdentityError(.invalidArgument, "`\(name.prefix(200))` is no trust domain: \(error)")
            }
        }
        let loader = WorkloadEntry.ModelLoader(rawValue: modelLoader)
        guard modelLoader.isEmpty || loader != nil else {
            throw IdentityError(
                .invalidArgument,
                "`\(modelLoader.prefix(80))` is no kind of loader; expected "
                    + WorkloadEntry.ModelLoader.allCases.map { "`\($0.rawValue)`" }.joined(separator: " or ")
            )
        }
        var found: Set<Selector> = []
        for text in selectors { found.insert(try Selector(text)) }
        return try WorkloadEntry(
            name: name,
            id: id,
            selectors: found,
            lifetime: hasTtl ? TimeInterval(ttl.seconds) : nil,
            dnsNames: dnsNames,
            subject: subject.isEmpty ? nil : try CertificateSubject(subject),
            hint: hint.isEmpty ? nil : hint,
            federatesWith: domains,
            modelLoader: loader,
            outlivesProcess: outlivesProcess
        )
    }
}

extension Admin_Revocation {
    /// A revocation as it goes over the wire.
    init(_ revocation: Revocation) {
        self.init()
        subject = revocation.subject.description
        reason = revocation.reason
        creator = revocation.creator
        created = Google_Protobuf_Timestamp(revocation.createdAt)
    }
}

extension Admin_AuthorityStatus {
    /// The authorities of a trust domain as they go over the wire, oldest first.
    init(_ state: AuthorityState) {
        self.init()
        authorities = state.slots.map { slot in
            var authority = Admin_Authority()
            authority.id = slot.id
            authority.state =
                switch slot.status {
                case .prepared: .prepared
                case .active: .active
                case .old: .retired
                }
            authority.notBefore = Google_Protobuf_Timestamp(slot.notBefore)
            authority.notAfter = Google_Protobuf_Timestamp(slot.notAfter)
            authority.fingerprint = slot.chain.first.map { Hexadecimal.text(SHA256.hash(data: $0)) } ?? ""
            return authority
        }
    }
}

extension Admin_FederatedTrustDomain {
    /// How a trust domain stands, as it goes over the wire.
    init(_ status: FederatedBundles.Status) {
        self.init()
        trustDomain = status.relationship.trustDomain.name
        url = status.relationship.url.text
        profile = status.relationship.profile.name
        hasBundle_p = status.bundle != nil
        sequence = status.bundle?.sequence ?? 0
        x509Authorities = UInt32(clamping: status.bundle?.x509Bundle.authoritiesDER.count ?? 0)
        jwtAuthorities = UInt32(clamping: status.bundle?.jwtAuthorities.count ?? 0)
        if let moment = status.refreshedAt { refreshed = Google_Protobuf_Timestamp(moment) }
        problem = status.problem ?? ""
    }
}

extension Google_Protobuf_Timestamp {
    /// A moment, to the second.
    init(_ date: Date) {
        self.init(seconds: Int64(date.timeIntervalSince1970.rounded(.down)), nanos: 0)
    }
}
