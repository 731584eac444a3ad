public import FoundationEssentials
public import NIOCore
import NIOSSL
public import SPIFFE
import Synchronization
public import ZeroTrust

/// A workload's side of mutual TLS: its SVID, the bundles that it believes, and the handlers that put them to use.
///
/// An update is taken whole and at once: connections that are accepted after it show the new SVID, certificates that
/// arrive after it are judged by the new bundles, and connections that stand are left alone. A session that is resumed
/// is judged like a new one, so that no ticket outlives the authority that vouched for its owner.
///
/// ```swift
/// let identity = try TLSIdentity(svid: svid, bundles: bundles)
/// bootstrap.childChannelInitializer { channel in
///     channel.eventLoop.makeCompletedFuture {
///         try channel.pipeline.syncOperations.addHandlers(identity.serverHandlers { refused in … })
///     }
/// }
/// try identity.update(svid: renewed, bundles: bundles)
/// ```
public final class TLSIdentity: Sendable {
    private let clock: @Sendable () -> Date
    /// Guards the snapshot that new connections take; each is immutable and replaced whole.
    private let snapshot: Mutex<Snapshot>
    /// Guards what is no longer accepted, however valid.
    private let revocations = Mutex(RevocationSet())

    private final class Snapshot: Sendable {
        let svid: X509SVID
        let options: TLSOptions
        let verifier: PeerVerifier
        let server: NIOSSLContext
        /// The same, for a server that speaks HTTP/2 too.
        let serverWithHTTP2: NIOSSLContext
        /// The same, for a server of another protocol, which agrees on none.
        let opaqueServer: NIOSSLContext
        let client: NIOSSLContext
        /// The same, for a client that speaks nothing but HTTP/2.
        let clientOfHTTP2: NIOSSLContext
        /// The same, for a client of another protocol, which offers none.
        let opaqueClient: NIOSSLContext

        init(svid: X509SVID, bundles: X509BundleSet, options: TLSOptions, clock: @escaping @Sendable () -> Date) throws
        {
            self.svid = svid
            self.options = options
            self.verifier = PeerVerifier(bundles: bundles, clock: clock)
            let chain = try svid.certificatesDER.map {
                NIOSSLCertificateSource.certificate(try NIOSSLCertificate(bytes: $0, format: .der))
            }
            let key = NIOSSLPrivateKeySource.privateKey(
                try NIOSSLPrivateKey(bytes: svid.keyPKCS8.value, format: .der)
            )
            var server = options.configure(
                .makeServerConfigurationWithMTLS(
                    certificateChain: chain,
                    privateKey: key,
                    trustRoots: .certificates([])
                )
            )
            self.server = try NIOSSLContext(configuration: server)
            server.applicationProtocols.insert("h2", at: 0)
            self.serverWithHTTP2 = try NIOSSLContext(configuration: server)
            server.applicationProtocols = []
            self.opaqueServer = try NIOSSLContext(configuration: server)
            var client = TLSConfiguration.makeClientConfiguration()
            client.certificateChain = chain
            client.privateKey = key
            client.trustRoots = .certificates([])
            client = options.configure(client)
            self.client = try NIOSSLContext(configuration: client)
            client.applicationProtocols = ["h2"]
            self.clientOfHTTP2 = try NIOSSLContext(configuration: client)
            client.applicationProtocols = []
            self.opaqueClient = try NIOSSLContext(configuration: client)
        }

        func client(for carriage: Carriage) -> NIOSSLContext {
            switch carriage {
            case .http: client
            case .http2: clientOfHTTP2
            case .opaque: opaqueClient
            }
        }

        func server(for carriage: Carriage) -> NIOSSLContext {
            switch carriage {
            case .http: server
            case .http2: serverWithHTTP2
            case .opaque: opaqueServer
            }
        }
    }

    /// An identity that begins with an SVID and a set of bundles.
    ///
    /// - Parameters:
    ///   - svid: what we show.
    ///   - bundles: by whose authorities we judge what peers show.
    ///   - options: how TLS is spoken.
    ///   - clock: the time by which certificates are judged.
    /// - Throws: where BoringSSL does not take the certificate or the key.
    public init(
        svid: X509SVID,
        bundles: X509BundleSet,
        options: TLSOptions = TLSOptions(),
        clock: @escaping @Sendable () -> Date = { Date() }
    ) throws {
        self.clock = clock
        self.snapshot = Mutex(try Snapshot(svid: svid, bundles: bundles, options: options, clock: clock))
    }

    /// Takes a new SVID and new bundles for the handshakes that begin from now on.
    ///
    /// - Throws: where BoringSSL does not take the certificate or the key; everything then stays as it was.
    public func update(svid: X509SVID, bundles: X509BundleSet) throws {
        try replace { try Snapshot(svid: svid, bundles: bundles, options: $0.options, clock: clock) }
    }

    /// Speaks TLS in another way in the handshakes that begin from now on.
    ///
    /// - Throws: where BoringSSL does not take what is asked for; everything then stays as it was.
    public func update(options: TLSOptions) throws {
        try replace {
            try Snapshot(svid: $0.svid, bundles: $0.verifier.bundles, options: options, clock: clock)
        }
    }

    private func replace(_ make: (Snapshot) throws -> Snapshot) throws {
        // Made under the lock, so that of two changes at once neither is lost.
        try snapshot.withLock { $0 = try make($0) }
    }

    /// Refuses what is revoked in the handshakes that end from now on.
    ///
    /// Connections that stand are the caller's to look at, with ``refusal(of:)``.
    public func revoke(_ revocations: RevocationSet) {
        self.revocations.withLock { $0 = revocations }
    }

    /// Why a peer whose connection stands is no longer to be believed; nil where it is.
    ///
    /// That its certificate has expired is not looked at.
    public func refusal(of peer: Peer) -> PeerRefusal? {
        if revocations.withLock({ $0.revokes(peer) }) {
            return TransportRefusal.revoked.refusal("`\(peer.id)` or its certificate is revoked")
        }
        guard current.verifier.believes(peer) else {
            return TransportRefusal.authorityRemoved.refusal("the authority of `\(peer.id)` is in no bundle any more")
        }
        return nil
    }

    /// The SVID that new handshakes show.
    public var svid: X509SVID { current.svid }
    /// The bundles by which new handshakes are judged.
    public var bundles: X509BundleSet { current.verifier.bundles }

    /// How TLS is spoken in new handshakes.
    public var options: TLSOptions { current.options }

    private var current: Snapshot { snapshot.withLock { $0 } }

    /// The handlers for an accepted connection, to be added in this order at the front of its pipeline.
    ///
    /// A ``PeerVerified`` event follows a handshake whose client was verified, and a ``PlaintextOpened`` event the
    /// beginning of plaintext that is let in. Any other connection is closed after `onRefusal` was called, on the event
    /// loop.
    ///
    /// - Parameters:
    ///   - admission: which connections are let in.
    ///   - carriage: what they carry; over HTTP/2, `h2` is taken before the protocols of ``options``.
    ///   - onRefusal: called before a connection is closed that was not verified.
    /// - Returns: the handlers, of one connection only.
    /// - Throws: nothing today; a handler may come to need more than there is.
    public func serverHandlers(
        admitting admission: Admission = .mutualTLS,
        carrying carriage: Carriage = .http,
        onRefusal: @escaping @Sendable (RefusedConnection) -> Void
    ) throws -> [any ChannelHandler] {
        guard admission == .mutualTLS else {
            return [
                OpeningHandler(
                    admission,
                    carriage,
                    timeout: carriage == .opaque ? options.openingTimeout : options.handshakeTimeout,
                    makeTLS: { try self.serverHandlers(carrying: carriage, onRefusal: onRefusal) },
                    onRefusal: onRefusal
                )
            ]
        }
        let notes = HandshakeNotes()
        let tls = NIOSSLServerHandler(context: current.server(for: carriage)) { certificates, promise in
            promise.succeed(self.judge(certificates, expecting: nil, notes))
        }
        return [
            HandshakeTap(side: .server, notes: notes), tls,
            gate(tls, notes, expecting: nil, onRefusal: onRefusal),
        ]
    }

    /// The handlers for an outgoing connection, to be added in this order at the front of its pipeline.
    ///
    /// A ``PeerVerified`` event follows a handshake whose server was verified and is the expected one. The server may
    /// still refuse us after that, which arrives as an error.
    ///
    /// - Parameters:
    ///   - id: whom we call. A server that is anybody else is refused.
    ///   - serverName: what to ask for by name (SNI), where the server wants one.
    ///   - carriage: what the connection carries: over HTTP/2 nothing but `h2` is offered, to which the server may not
    ///     agree, and an opaque one offers no application protocol.
    ///   - onRefusal: called on the event loop before a connection is closed that did not reach its server.
    /// - Returns: the handlers, of one connection only.
    /// - Throws: where the server name is not one that may be asked for.
    public func clientHandlers(
        expecting id: SPIFFEID,
        serverName: String? = nil,
        carrying carriage: Carriage = .http,
        onRefusal: @escaping @Sendable (RefusedConnection) -> Void = { _ in }
    ) throws -> [any ChannelHandler] {
        let notes = HandshakeNotes()
        notes.serverName = serverName
        let snapshot = current
        let context = snapshot.client(for: carriage)
        let tls = try NIOSSLClientHandler(context: context, serverHostname: serverName) {
            certificates,
            promise in
            promise.succeed(self.judge(certificates, expecting: id, notes))
        }
        return [
            HandshakeTap(side: .client, notes: notes), tls,
            gate(tls, notes, expecting: id, onRefusal: onRefusal),
        ]
    }

    private func gate(
        _ tls: NIOSSLHandler,
        _ notes: HandshakeNotes,
        expecting id: SPIFFEID?,
        onRefusal: @escaping @Sendable (RefusedConnection) -> Void
    ) -> PeerGate {
        PeerGate(
            tls: tls,
            notes: notes,
            timeout: options.handshakeTimeout,
            reverify: { self.verdict([$0], expecting: id) },
            recheck: { self.refusal(of: $0) },
            onRefusal: onRefusal
        )
    }

    private func judge(
        _ certificates: [NIOSSLCertificate],
        expecting id: SPIFFEID?,
        _ notes: HandshakeNotes
    ) -> NIOSSLVerificationResult {
        let verdict = verdict(certificates, expecting: id)
        notes.verdict = verdict
        if case .verified = verdict { return .certificateVerified }
        return .failed
    }

    /// What the bundles of this moment say, whenever the connection began.
    private func verdict(
        _ certificates: [NIOSSLCertificate],
        expecting id: SPIFFEID?
    ) -> PeerVerdict {
        guard let chain = try? certificates.map({ try $0.toDERBytes() }) else {
            return .refused(TransportRefusal.handshakeFailed.refusal("a certificate cannot be read"))
        }
        let verdict = current.verifier.verify(chain: chain)
        guard case .verified(let peer) = verdict else { return verdict }
        if let refusal = refusal(of: peer) { return .refused(refusal) }
        guard let id, peer.id != id else { return verdict }
        return .refused(
            TransportRefusal.unexpectedID.refusal("the server is `\(peer.id)`; expected `\(id)`")
        )
    }
}

extension TLSOptions {
    /// A configuration with these choices, whose certificates are judged by us alone.
    fileprivate func configure(_ configuration: TLSConfiguration) -> TLSConfiguration {
        var configuration = configuration
        // The callback replaces BoringSSL's own check, and is called only where a certificate is demanded.
        configuration.certificateVerification = .noHostnameVerification
        configuration.minimumTLSVersion = minimumVersion == .tls13 ? .tlsv13 : .tlsv12
        configuration.applicationProtocols = applicationProtocols
        configuration.shutdownTimeout = shutdownTimeout
        configuration.renegotiationSupport = .none
        return configuration
    }
}
