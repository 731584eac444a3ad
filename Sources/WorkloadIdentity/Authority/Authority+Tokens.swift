import Crypto
import FoundationEssentials
public import SPIFFE
import SwiftASN1
import Synchronization
import X509
import ZeroTrust

extension Authority {
    /// The keys of the trust domain that sign JWT-SVIDs.
    public var jwtBundle: JWTBundle { snapshot.withLock { $0.jwtBundle } }

    /// Makes a JWT-SVID.
    ///
    /// The life is bounded by a sixth of the key's own and by its end, so that a key which no longer signs has nothing
    /// living behind it when it leaves the bundle.
    ///
    /// - Throws: ``IdentityError``: `unavailable` where nothing can sign, `invalidArgument` for an ID that is not ours to
    ///   give or audiences that no token is for, `issuance` where it cannot be signed.
    public func issue(_ request: JWTSVIDRequest) throws(IdentityError) -> IssuedJWTSVID {
        guard request.id.trustDomain == options.trustDomain, !request.id.path.isEmpty else {
            throw IdentityError(
                .invalidArgument,
                "`\(request.id)` is no workload of the trust domain `\(options.trustDomain)`"
            )
        }
        try request.check()
        let now = Date(timeIntervalSince1970: clock().timeIntervalSince1970.rounded(.down))
        guard let signer = snapshot.withLock({ $0.tokenSigner }), now < signer.notAfter else {
            throw IdentityError(.unavailable, "the authority has no key that can sign tokens")
        }
        let lifetime = min(request.lifetime ?? options.tokens.lifetime, options.schedule.maximumSVIDLifetime)
        let end = Date(timeIntervalSince1970: min(now + lifetime, signer.notAfter).timeIntervalSince1970.rounded(.down))
        let tokenID = Hexadecimal.text((0..<16).map { _ in UInt8.random(in: 0...255) })
        var claims: [String: StrictJSON] = [
            "sub": .string(request.id.description), "jti": .string(tokenID),
            "iat": .integer(Int64(now.timeIntervalSince1970)), "exp": .integer(Int64(end.timeIntervalSince1970)),
            // Many consumers read a single audience as a string only.
            "aud": request.audiences.count == 1
                ? .string(request.audiences[0]) : .array(request.audiences.map { .string($0) }),
        ]
        if let issuer = options.tokens.issuer { claims["iss"] = .string(issuer.url) }
        let token = try signer.sign(claims)
        return IssuedJWTSVID(
            id: request.id,
            audiences: request.audiences,
            token: token,
            tokenID: tokenID,
            keyID: signer.id,
            issuedAt: now,
            expiresAt: end
        )
    }

    /// Lets the machine of the token keys take what its sister of the certificates takes, making the keys that it asks for.
    ///
    /// - Returns: the keys as they are then, and the names of those to forget once that is stored.
    func rotateTokenKeys(
        _ stored: [TokenKeySlot],
        _ event: AuthorityRotation.Event,
        made: inout [String]
    ) throws -> (keys: [TokenKeySlot], obsolete: [String]) {
        var rotation = KeyRotation(authority: options.name, keys: stored, schedule: options.schedule)
        var actions = rotation.handle(.keysPresent(try keys.ids()))
        actions += rotation.handle(Self.translated(event))
        // Another algorithm was configured: its key is published now and signs after the overlap.
        if let active = rotation.active, rotation.prepared == nil, active.algorithm != options.tokens.algorithm {
            actions += rotation.handle(.rotationRequested(clock()))
        }
        var obsolete: [String] = []
        while !actions.isEmpty {
            switch actions.removeFirst() {
            case .prepare:
                let slot = try makeTokenKey(beside: rotation.keys.count)
                made.append(slot.id)
                actions += rotation.handle(.prepared(slot, at: clock()))
            case .activate: break
            case .deleteKeys(let ids): obsolete += ids
            }
        }
        return (rotation.keys, obsolete)
    }

    private static func translated(_ event: AuthorityRotation.Event) -> KeyRotation<TokenKeySlot>.Event {
        switch event {
        case .tick(let now), .prepared(_, at: let now): .tick(now)
        case .keysPresent(let ids): .keysPresent(ids)
        case .preparationRequested(let now): .preparationRequested(now)
        case .rotationRequested(let now): .rotationRequested(now)
        case .activationRequested(let now): .activationRequested(now)
        case .pruningRequested(let now, let force): .pruningRequested(now, force: force)
        }
    }

    /// Makes a key and keeps it.
    private func makeTokenKey(beside count: Int) throws(IdentityError) -> TokenKeySlot {
        guard count < Self.maximumSlots else {
            throw IdentityError(
                .conflict,
                "the bundle holds \(Self.maximumSlots) keys for tokens already; prune those that no longer sign"
            )
        }
        let now = clock()
        do {
            let (privateKey, publicKey) = try TokenSigner.generate(options.tokens.algorithm)
            let id = Hexadecimal.text(SHA256.hash(data: publicKey).prefix(20))
            try keys.save(privateKey, for: id)
            return TokenKeySlot(
                id: id,
                authority: options.name,
                status: .prepared,
                algorithm: options.tokens.algorithm,
                publicKey: publicKey,
                notBefore: CertificateProfile.wholeSecond(now - RotationSchedule.backdate),
                notAfter: CertificateProfile.wholeSecond(now + options.schedule.authorityLifetime)
            )
        } catch let error as IdentityError {
            throw error
        } catch {
            throw IdentityError(.issuance, "cannot make a key for tokens", cause: error)
        }
    }

    /// What signs by a state; nil where nothing does.
    func tokenSigner(_ state: AuthorityState) throws(IdentityError) -> TokenSigner? {
        guard let active = state.tokenKeys.last(where: { $0.authority == options.name && $0.status == .active })
        else { return nil }
        if let signer = snapshot.withLock({ $0.tokenSigner }), signer.id == active.id { return signer }
        guard let key = try keys.key(for: active.id) else {
            throw IdentityError(.unavailable, "the key that signs tokens, `\(active.id)`, is missing")
        }
        return try TokenSigner(active, key: key)
    }

    /// The keys that a state publishes.
    static func jwtBundle(_ state: AuthorityState) throws(IdentityError) -> JWTBundle {
        do {
            let authorities = try state.tokenKeys.map { slot in
                try TokenAuthority(keyID: slot.id, publicKey: Certificate.PublicKey(derEncoded: slot.publicKey))
            }
            return JWTBundle(trustDomain: state.trustDomain, authorities: authorities)
        } catch {
            throw IdentityError(.unavailable, "a stored key for tokens cannot be read", cause: error)
        }
    }
}
