import Crypto
import CryptoExtras
package import X509

/// One public key of a key set, and what it may verify.
package struct TokenKey: Sendable {
    private enum Material: Sendable {
        case p256(P256.Signing.PublicKey)
        case p384(P384.Signing.PublicKey)
        case p521(P521.Signing.PublicKey)
        case ed25519(Curve25519.Signing.PublicKey)
        case rsa(_RSA.Signing.PublicKey)
    }

    /// Why an entry of a key set is not used.
    package struct Problem: Error {
        package let message: String

        init(_ message: String) { self.message = message }
    }

    package let keyID: String?
    /// The one algorithm that the key is for, where the key set says so.
    private let algorithm: SignatureAlgorithm?
    private let material: Material

    /// Whether a JWK holds a private key, or a part of one (RFC 7518 §6.2.2, §6.3.2, §6.4).
    static func holdsSecret(_ jwk: [String: StrictJSON]) -> Bool {
        ["d", "p", "q", "dp", "dq", "qi", "oth", "k"].contains { jwk[$0] != nil }
    }

    /// Reads a JWK (RFC 7517 §4).
    package init(_ jwk: [String: StrictJSON], use expected: String = "sig") throws(Problem) {
        if let use = jwk["use"], use.string != expected { throw Problem("its `use` is not `\(expected)`") }
        if let operations = jwk["key_ops"], !(operations.array?.contains(.string("verify")) ?? false) {
            throw Problem("its `key_ops` do not have `verify`")
        }
        var algorithm: SignatureAlgorithm?
        if let name = jwk["alg"] {
            guard let known = name.string.flatMap({ SignatureAlgorithm(rawValue: $0) }) else {
                throw Problem("its `alg` is no signature algorithm that is accepted")
            }
            algorithm = known
        }
        if let keyID = jwk["kid"] {
            guard let text = keyID.string else { throw Problem("its `kid` is no string") }
            self.keyID = text
        } else {
            self.keyID = nil
        }
        self.algorithm = algorithm
        self.material = try Self.material(jwk)
        if let algorithm, !Self.algorithms(of: material).contains(algorithm) {
            throw Problem("its `alg` does not fit its `kty`")
        }
    }

    /// A key under its ID; nil where it is of no kind that signs tokens.
    package init?(keyID: String, _ key: Certificate.PublicKey) {
        if let key = P256.Signing.PublicKey(key) {
            self.material = .p256(key)
        } else if let key = P384.Signing.PublicKey(key) {
            self.material = .p384(key)
        } else if let key = P521.Signing.PublicKey(key) {
            self.material = .p521(key)
        } else if let key = _RSA.Signing.PublicKey(key) {
            self.material = .rsa(key)
        } else {
            return nil
        }
        self.keyID = keyID
        self.algorithm = nil
    }

    /// The key as certificates hold it.
    var publicKey: Certificate.PublicKey {
        switch material {
        case .p256(let key): Certificate.PublicKey(key)
        case .p384(let key): Certificate.PublicKey(key)
        case .p521(let key): Certificate.PublicKey(key)
        case .ed25519(let key): Certificate.PublicKey(key)
        case .rsa(let key): Certificate.PublicKey(key)
        }
    }

    private static func material(_ jwk: [String: StrictJSON]) throws(Problem) -> Material {
        func number(_ name: String) throws(Problem) -> [UInt8] {
            guard let text = jwk[name]?.string, let bytes = Base64URL.decode(text.utf8), !bytes.isEmpty else {
                throw Problem("its `\(name)` is missing or not base64url")
            }
            return bytes
        }
        /// RFC 7518 §6.2.1.2: a coordinate has the full width of its curve.
        func point(_ width: Int) throws(Problem) -> [UInt8] {
            let (x, y) = (try number("x"), try number("y"))
            guard x.count == width, y.count == width else { throw Problem("its point is not of its curve's width") }
            return [4] + x + y
        }
        do {
            switch (jwk["kty"]?.string, jwk["crv"]?.string) {
            case ("EC", "P-256"): return .p256(try P256.Signing.PublicKey(x963Representation: point(32)))
            case ("EC", "P-384"): return .p384(try P384.Signing.PublicKey(x963Representation: point(48)))
            case ("EC", "P-521"): return .p521(try P521.Signing.PublicKey(x963Representation: point(66)))
            case ("OKP", "Ed25519"):
                return .ed25519(try Curve25519.Signing.PublicKey(rawRepresentation: number("x")))
            case ("RSA", _): return .rsa(try rsa(modulus: number("n"), exponent: number("e")))
            default: throw Problem("its `kty` or `crv` is not one that signs tokens")
            }
        } catch let problem as Problem {
            throw problem
        } catch {
            throw Problem("it is no valid public key")
        }
    }

    /// Long moduli and exponents only make verification slow, and short moduli have been factored.
    private static func rsa(modulus: [UInt8], exponent: [UInt8]) throws -> _RSA.Signing.PublicKey {
        guard modulus.count <= 1024, exponent.count <= 4, (exponent.last ?? 0) & 1 == 1, exponent != [1] else {
            throw Problem("its modulus or exponent is out of bounds")
        }
        return try _RSA.Signing.PublicKey(n: modulus, e: exponent)
    }

    private static func algorithms(of material: Material) -> Set<SignatureAlgorithm> {
        switch material {
        case .p256: [.es256]
        case .p384: [.es384]
        case .p521: [.es512]
        case .ed25519: [.edDSA]
        case .rsa: [.rs256, .rs384, .rs512, .ps256, .ps384, .ps512]
        }
    }

    /// Whether the key may verify signatures of an algorithm.
    package func isFor(_ algorithm: SignatureAlgorithm) -> Bool {
        self.algorithm.map { $0 == algorithm } ?? Self.algorithms(of: material).contains(algorithm)
    }

    /// Whether the key made a signature over some bytes.
    package func verifies(_ signature: [UInt8], of bytes: ArraySlice<UInt8>, _ algorithm: SignatureAlgorithm) -> Bool {
        guard isFor(algorithm) else { return false }
        switch material {
        case .p256(let key):
            guard let signature = try? P256.Signing.ECDSASignature(rawRepresentation: signature) else { return false }
            return key.isValidSignature(signature, for: SHA256.hash(data: bytes))
        case .p384(let key):
            guard let signature = try? P384.Signing.ECDSASignature(rawRepresentation: signature) else { return false }
            return key.isValidSignature(signature, for: SHA384.hash(data: bytes))
        case .p521(let key):
            guard let signature = try? P521.Signing.ECDSASignature(rawRepresentation: signature) else { return false }
            return key.isValidSignature(signature, for: SHA512.hash(data: bytes))
        case .ed25519(let key): return key.isValidSignature(signature, for: bytes)
        case .rsa(let key):
            let signature = _RSA.Signing.RSASignature(rawRepresentation: signature)
            switch algorithm {
            case .rs256:
                return key.isValidSignature(signature, for: SHA256.hash(data: bytes), padding: .insecurePKCS1v1_5)
            case .rs384:
                return key.isValidSignature(signature, for: SHA384.hash(data: bytes), padding: .insecurePKCS1v1_5)
            case .rs512:
                return key.isValidSignature(signature, for: SHA512.hash(data: bytes), padding: .insecurePKCS1v1_5)
            case .ps256: return key.isValidSignature(signature, for: SHA256.hash(data: bytes), padding: .PSS)
            case .ps384: return key.isValidSignature(signature, for: SHA384.hash(data: bytes), padding: .PSS)
            case .ps512: return key.isValidSignature(signature, for: SHA512.hash(data: bytes), padding: .PSS)
            case .es256, .es384, .es512, .edDSA: return false
            }
        }
    }
}
