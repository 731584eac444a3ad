package import Crypto
public import FoundationEssentials
public import Logging
public import SPIFFE
import SwiftASN1
import Synchronization
import X509
public import ZeroTrust

/// The authority of a trust domain: it holds the signing keys, makes X.509-SVIDs and JWT-SVIDs, and succeeds itself on
/// schedule.
///
/// Its certificate is its own root, or is signed by an ``UpstreamAuthority``. Issuing takes no lock for longer than a
/// copy; making, activating and pruning certificates happens in ``maintain()``, which ``run(every:)``
/// calls every ten seconds.
///
/// ```swift
/// let authority = Authority(options, store: store, keys: try FileKeyStore(directory: "keys"), logger: logger)
/// try await authority.maintain()
/// let svid = try authority.issue(SVIDRequest(id: try SPIFFEID("spiffe://cluster.local/api")))
/// ```
public final class Authority: Sendable {
    /// How an authority works.
    public struct Options: Sendable {
        /// The trust domain that it vouches for.
        public var trustDomain: TrustDomain
        /// Its name among the authorities that share a store.
        public var name: String
        /// When its certificates are succeeded.
        public var schedule: RotationSchedule
        /// How long an X.509-SVID lives where nothing else is asked for.
        public var svidLifetime: TimeInterval
        /// The authority above, or nil where ours is its own root.
        public var upstream: UpstreamAuthority?
        /// How JWT-SVIDs are made.
        public var tokens: TokenOptions

        /// Options, with SPIRE's defaults: one day for the authority, one hour for an X.509-SVID.
        public init(
            trustDomain: TrustDomain,
            name: String = "authority",
            schedule: RotationSchedule = RotationSchedule(),
            svidLifetime: TimeInterval = 3600,
            upstream: UpstreamAuthority? = nil,
            tokens: TokenOptions = TokenOptions()
        ) {
            self.trustDomain = trustDomain
            self.name = name
            self.schedule = schedule
            self.svidLifetime = svidLifetime
            self.upstream = upstream
            self.tokens = tokens
        }
    }

    /// How it works.
    public let options: Options
    /// Announces every change of the certificates, and so of the bundle.
    public let changes = ChangeFeed()

    /// The most certificates that are published at once; a peer may not read a bundle of many more.
    public static let maximumSlots = 64

    private let store: any AuthorityStore
    let keys: any KeyStore
    let clock: @Sendable () -> Date
    private let logger: Logger

    struct Snapshot {
        var state: AuthorityState
        var bundle: X509Bundle
        var issuer: Issuer?
        var jwtBundle: JWTBundle
        var tokenSigner: TokenSigner?
    }

    private let issuedCount = Atomic<UInt64>(0)

    // Guards what issuing reads: the stored state, and what signs certificates and tokens.
    let snapshot: Mutex<Snapshot>

    /// An authority that has nothing yet; ``maintain()`` makes or loads its certificate.
    public init(
        _ options: Options,
        store: any AuthorityStore,
        keys: any KeyStore,
        clock: @escaping @Sendable () -> Date = { Date() },
        logger: Logger
    ) {
        self.options = options
        self.store = store
        self.keys = keys
        self.clock = clock
        self.logger = logger
        self.snapshot = Mutex(
            Snapshot(
                state: AuthorityState(trustDomain: options.trustDomain),
                bundle: X509Bundle(trustDomain: options.trustDomain, authorities: []),
                jwtBundle: JWTBundle(trustDomain: options.trustDomain, authorities: [])
            )
        )
    }

    /// The certificates of the trust domain as last read or written.
    public var state: AuthorityState { snapshot.withLock { $0.state } }

    /// The X.509 authorities of the trust domain.
    public var bundle: X509Bundle { snapshot.withLock { $0.bundle } }

    /// The trust domain's bundle as others read it, with its sequence number.
    public var document: SPIFFEBundle {
        let (state, bundle, jwtBundle) = snapshot.withLock { ($0.state, $0.bundle, $0.jwtBundle) }
        return SPIFFEBundle(
            trustDomain: state.trustDomain,
            authorities: bundle.authorities,
            jwtAuthorities: jwtBundle.authorities,
            sequence: UInt64(clamping: state.sequence)
        )
    }

    /// How many X.509-SVIDs it has issued since it was made.
    public var issued: UInt64 { issuedCount.load(ordering: .relaxed) }

    /// Whether it can issue.
    public var isReady: Bool { snapshot.withLock { $0.issuer != nil } }

    /// Makes an X.509-SVID and its key.
    ///
    /// The life is bounded by a sixth of the authority's own and by the end of the certificate that signs.
    ///
    /// - Throws: ``IdentityError``: `unavailable` where nothing can sign, `invalidArgument` for an ID that is not ours to
    ///   give, `issuance` where the certificate cannot be made.
    public func issue(_ request: SVIDRequest) throws(IdentityError) -> IssuedSVID {
        let (issuer, lifetime, now) = try issuer(for: request)
        let svid = try issuer.issue(request, lifetime: lifetime, at: now)
        issuedCount.add(1, ordering: .relaxed)
        return svid
    }

    /// Makes an X.509-SVID for a key that its workload keeps to itself.
    ///
    /// - Throws: ``IdentityError`` as for an SVID with a key of ours.
    package func certify(
        _ request: SVIDRequest,
        _ key: P256.Signing.PublicKey
    ) throws(IdentityError) -> CertifiedSVID {
        let (issuer, lifetime, now) = try issuer(for: request)
        let svid = try issuer.certify(request, key, lifetime: lifetime, at: now)
        issuedCount.add(1, ordering: .relaxed)
        return svid
    }

    /// Who signs now, and for how long.
    private func issuer(
        for request: SVIDRequest
    ) throws(IdentityError) -> (issuer: Issuer, lifetime: TimeInterval, now: Date) {
        guard request.id.trustDomain == options.trustDomain, !request.id.path.isEmpty else {
            throw IdentityError(
                .invalidArgument,
                "`\(request.id)` is no workload of the trust domain `\(options.trustDomain)`"
            )
        }
        let now = clock()
        guard let issuer = snapshot.withLock({ $0.issuer }), now < issuer.notAfter else {
            throw IdentityError(.unavailable, "the authority has no certificate that can sign")
        }
        let lifetime = min(request.lifetime ?? options.svidLifetime, options.schedule.maximumSVIDLifetime)
        return (issuer, lifetime, now)
    }

    /// Does what the schedule asks for by now: makes, activates and prunes certificates.
    ///
    /// - Throws: ``IdentityError`` or the store's error; what signs now goes on signing.
    public func maintain() async throws {
        try await advance(.tick(clock()))
    }

    /// Maintains every ten seconds (SPIRE's interval) until the task is cancelled.
    ///
    /// A failure is logged and tried again.
    public func run(every interval: Duration = .seconds(10)) async {
        while !Task.isCancelled {
            do {
                try await maintain()
            } catch {
                logger.error("authority maintenance failed", metadata: ["error": "\(error)"])
            }
            try? await Task.sleep(for: interval)
        }
    }

    /// Succeeds the certificate and the token key that sign: the next are published now and sign after the schedule's overlap, in
    /// which every workload hears of them.
    public func rotate() async throws {
        try await advance(.rotationRequested(clock()))
    }

    /// Makes and publishes the next certificate and token key, which sign when the schedule says; nothing where there are
    /// some.
    public func prepare() async throws {
        try await advance(.preparationRequested(clock()))
    }

    /// Lets the prepared certificate, and the prepared token key, sign at once.
    ///
    /// - Parameter force: also where it was published so lately that some workloads may not trust it yet.
    /// - Throws: ``IdentityError`` with `notFound` where none is prepared, `conflict` where it is too new.
    public func activate(force: Bool = false) async throws {
        let slot = state.slots.last { $0.authority == options.name && $0.status == .prepared }
        guard let slot else {
            throw IdentityError(.notFound, "no certificate is prepared; prepare one first")
        }
        let age = clock().timeIntervalSince(slot.notBefore) - RotationSchedule.backdate
        guard force || age >= options.schedule.overlap else {
            throw IdentityError(
                .conflict,
                "the prepared certificate was published less than \(Int(options.schedule.overlap)) s ago; wait until every "
                    + "workload trusts it, or force it"
            )
        }
        try await advance(.activationRequested(clock()))
    }

    /// Takes out of the bundle what no longer signs, ahead of the schedule.
    ///
    /// - Parameter force: also what has signed SVIDs that still live, which nobody trusts from then on: the answer to a
    ///   stolen key.
    /// - Throws: the store's error.
    public func prune(force: Bool = false) async throws {
        try await advance(.pruningRequested(clock(), force: force))
    }

    /// Reads the state, lets the machine take the event, and stores what came out, again where somebody was faster.
    private func advance(_ event: AuthorityRotation.Event) async throws {
        for _ in 0..<8 {
            let stored = try await store.authorityState(of: options.trustDomain)
            var rotation = AuthorityRotation(authority: options.name, state: stored, schedule: options.schedule)
            var made: [String] = []
            do {
                var obsolete = try perform(event, on: &rotation, made: &made)
                let (tokenKeys, unused) = try rotateTokenKeys(stored.tokenKeys, event, made: &made)
                rotation.take(tokenKeys)
                obsolete += unused
                let committed = rotation.state == stored ? stored : try await store.commit(rotation.state)
                try publish(committed)
                for id in obsolete { try keys.remove(id) }
                return
            } catch let error as IdentityError where error.code == .conflict {
                for id in made { try keys.remove(id) }
            } catch {
                for id in made { try? keys.remove(id) }
                throw error
            }
        }
        throw IdentityError(.conflict, "the store changed eight times while a certificate was being rotated")
    }

    /// Runs the machine to rest, making the certificates that it asks for.
    ///
    /// - Returns: the keys to forget once the state is stored.
    private func perform(
        _ event: AuthorityRotation.Event,
        on rotation: inout AuthorityRotation,
        made: inout [String]
    ) throws -> [String] {
        var obsolete: [String] = []
        var actions = rotation.handle(.keysPresent(try keys.ids()))
        actions += rotation.handle(event)
        while !actions.isEmpty {
            switch actions.removeFirst() {
            case .prepare:
                let slot = try makeCertificate()
                made.append(slot.id)
                logger.info(
                    "authority certificate prepared",
                    metadata: ["authority.id": "\(slot.id)", "not_after": "\(slot.notAfter)"]
                )
                actions += rotation.handle(.prepared(slot, at: clock()))
            case .activate(let id):
                logger.info("authority certificate activated", metadata: ["authority.id": "\(id)"])
            case .deleteKeys(let ids):
                obsolete += ids
            }
        }
        return obsolete
    }

    /// Makes a key, keeps it, and makes its certificate.
    private func makeCertificate() throws(IdentityError) -> AuthoritySlot {
        guard state.slots.count < Self.maximumSlots else {
            throw IdentityError(
                .conflict,
                "the bundle holds \(Self.maximumSlots) authorities already; prune those that no longer sign"
            )
        }
        let key = P256.Signing.PrivateKey()
        let identifier = CertificateProfile.keyIdentifier(of: key.publicKey)
        let id = Hexadecimal.text(identifier)
        let now = clock()
        let upstream = try options.upstream?.load(for: options.trustDomain, at: now)
        do {
            let subject = try DistinguishedName([
                .init(type: .RDNAttributeType.commonName, utf8String: "Lapwing authority \(id.prefix(16))")
            ])
            let end = now + options.schedule.authorityLifetime
            let certificate = try Certificate(
                version: .v3,
                serialNumber: Certificate.SerialNumber(bytes: CertificateProfile.serialNumber()),
                publicKey: Certificate.PublicKey(key.publicKey),
                notValidBefore: CertificateProfile.wholeSecond(
                    max(now - RotationSchedule.backdate, upstream?.certificate.notValidBefore ?? .distantPast)
                ),
                notValidAfter: CertificateProfile.wholeSecond(min(end, upstream?.certificate.notValidAfter ?? end)),
                issuer: upstream?.certificate.subject ?? subject,
                subject: subject,
                extensions: try CertificateProfile.authorityExtensions(
                    trustDomain: options.trustDomain,
                    key: key.publicKey,
                    issuerKeyIdentifier: upstream?.keyIdentifier ?? identifier
                ),
                issuerPrivateKey: upstream?.key ?? Certificate.PrivateKey(key)
            )
            let der = try CertificateProfile.der(certificate)
            try keys.save(Redacted(Array(key.derRepresentation)), for: id)
            return AuthoritySlot(
                id: id,
                authority: options.name,
                status: .prepared,
                chain: [der] + (upstream?.chain ?? []),
                anchors: upstream?.anchors ?? [der],
                notBefore: certificate.notValidBefore,
                notAfter: certificate.notValidAfter
            )
        } catch let error as IdentityError {
            throw error
        } catch {
            throw IdentityError(.issuance, "cannot make an authority's certificate", cause: error)
        }
    }

    /// Makes a state what issuing uses and others see.
    private func publish(_ state: AuthorityState) throws(IdentityError) {
        let active = state.slots.last { $0.authority == options.name && $0.status == .active }
        var issuer: Issuer?
        if let active {
            issuer = snapshot.withLock { $0.issuer?.id == active.id ? $0.issuer : nil }
            if issuer == nil {
                guard let key = try keys.key(for: active.id) else {
                    throw IdentityError(
                        .unavailable,
                        "the key of the certificate that signs, `\(active.id)`, is missing"
                    )
                }
                issuer = try Issuer(active, key: key)
            }
        }
        let bundle: X509Bundle
        do {
            bundle = try X509Bundle(trustDomain: state.trustDomain, der: state.anchors.flatMap { $0 })
        } catch {
            throw IdentityError(.unavailable, "the stored bundle cannot be read", cause: error)
        }
        let jwtBundle = try Self.jwtBundle(state)
        let tokenSigner = try tokenSigner(state)
        let isChanged = snapshot.withLock { snapshot in
            // An older state, of a slower task, does not replace a newer one.
            guard state.revision >= snapshot.state.revision else { return false }
            let isChanged = snapshot.state != state || (snapshot.issuer == nil) != (issuer == nil)
            snapshot = Snapshot(
                state: state,
                bundle: bundle,
                issuer: issuer,
                jwtBundle: jwtBundle,
                tokenSigner: tokenSigner
            )
            return isChanged
        }
        if isChanged { changes.announce() }
    }
}
