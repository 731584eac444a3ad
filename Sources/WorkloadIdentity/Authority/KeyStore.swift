import Crypto
import Synchronization
public import ZeroTrust

/// Where an authority's private keys lie: on disk or in memory; a key never goes to a database.
///
/// Keys are P-256 and named by the certificate's slot.
public protocol KeyStore: Sendable {
    /// Keeps a key as PKCS#8 DER.
    func save(_ key: Redacted<[UInt8]>, for id: String) throws(IdentityError)
    /// The key as PKCS#8 DER, or nil where there is none.
    func key(for id: String) throws(IdentityError) -> Redacted<[UInt8]>?
    /// The names of all keys.
    func ids() throws(IdentityError) -> Set<String>
    /// Forgets a key; one that is not there is forgotten already.
    func remove(_ id: String) throws(IdentityError)
}

/// Keys that end with the process: every start makes a new certificate.
public final class MemoryKeyStore: KeyStore {
    // Guards the keys.
    private let keys = Mutex<[String: Redacted<[UInt8]>]>([:])

    /// An empty store.
    public init() {}

    /// Keeps a key.
    public func save(_ key: Redacted<[UInt8]>, for id: String) {
        keys.withLock { $0[id] = key }
    }

    /// The key, or nil where there is none.
    public func key(for id: String) -> Redacted<[UInt8]>? {
        keys.withLock { $0[id] }
    }

    /// The names of all keys.
    public func ids() -> Set<String> {
        keys.withLock { Set($0.keys) }
    }

    /// Forgets a key.
    public func remove(_ id: String) {
        _ = keys.withLock { $0.removeValue(forKey: id) }
    }
}
