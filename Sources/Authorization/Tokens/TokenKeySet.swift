public import Resources
public import SPIFFE
import Synchronization

/// The public keys of an issuer of tokens, from a JSON Web Key Set (RFC 7517 §5).
///
/// Entries that are not for verifying signatures, or of a kind that is not known, are passed over, as the standard asks;
/// a symmetric key is one of those. A set in which no key is left is an error.
public struct TokenKeySet: Sendable {
    /// The longest document that is read.
    public static let maximumLength = 256 * 1024
    /// The most keys that a set may have.
    public static let maximumKeys = 64

    /// Why entries were passed over, each with its place in the list.
    public let passedOver: [String]
    let keys: [TokenKey]
    /// Tells this reading of a key set from every other, so that what it verified is not believed of another.
    let generation: Int

    private static let generations = Atomic(0)

    /// Reads a key set.
    ///
    /// - Parameters:
    ///   - json: the document.
    ///   - location: where it stands, for errors.
    /// - Throws: `ResourceError` where the document is none, or has no key that verifies signatures.
    public init(json: [UInt8], at location: SourceLocation) throws {
        func refuse(_ message: String) -> ResourceError { ResourceError(at: location, message) }
        guard json.count <= Self.maximumLength else {
            throw refuse("the key set has more than \(Self.maximumLength) bytes")
        }
        let document: StrictJSON
        do { document = try StrictJSON(json) } catch {
            throw refuse("the key set is not JSON: \(error.message) at byte \(error.offset)")
        }
        guard let members = document.object else { throw refuse("the key set is no JSON object") }
        // A key that stands alone is taken for a set of one, as Istio takes it.
        guard let entries = members["keys"]?.array ?? (members["kty"] == nil ? nil : [document]) else {
            throw refuse("the key set has no list `keys`")
        }
        guard entries.count <= Self.maximumKeys else {
            throw refuse("the key set has \(entries.count) keys; at most \(Self.maximumKeys) are looked at")
        }
        var (keys, passedOver): ([TokenKey], [String]) = ([], [])
        for (index, entry) in entries.enumerated() {
            guard let jwk = entry.object else { throw refuse("key \(index) of the key set is no JSON object") }
            do { keys.append(try TokenKey(jwk)) } catch { passedOver.append("key \(index): \(error.message)") }
        }
        guard !keys.isEmpty else {
            let reasons = passedOver.isEmpty ? "" : ": " + passedOver.joined(separator: "; ")
            throw refuse("the key set has no key that verifies signatures of tokens\(reasons)")
        }
        self.keys = keys
        self.passedOver = passedOver
        self.generation = Self.generations.add(1, ordering: .relaxed).newValue
    }

    /// The keys of a trust domain, by which its JWT-SVIDs are verified.
    public init(_ bundle: JWTBundle) {
        self.keys = bundle.keys.values.sorted { ($0.keyID ?? "") < ($1.keyID ?? "") }
        self.passedOver = []
        self.generation = Self.generations.add(1, ordering: .relaxed).newValue
    }

    /// Verifies a token's signature: by the key that the token names or, where it names none, by any that fits.
    func verify(_ token: CompactToken) throws(TokenRefusal) {
        let candidates = keys.filter { key in
            key.isFor(token.algorithm) && (token.keyID == nil || key.keyID == nil || key.keyID == token.keyID)
        }
        guard !candidates.isEmpty else {
            throw TokenRefusal(.unknownKey, "the issuer has no such key for \(token.algorithm.rawValue)")
        }
        for key in candidates
        where key.verifies(token.signature, of: token.signedBytes, token.algorithm) { return }
        throw TokenRefusal(.badSignature, "no key of the issuer made the token's signature")
    }
}
