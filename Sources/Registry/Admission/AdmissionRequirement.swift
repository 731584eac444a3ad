/// What a rule asks of every model before anybody can pull it.
public struct AdmissionRequirement: Hashable, Sendable {
    /// Whose signature a model has to carry: an OpenSSF Model Signing bundle, as a referrer of its manifest.
    public struct Signature: Hashable, Sendable {
        /// Public keys in PEM; a signature by one of them is enough.
        public var keys: [String]
        /// Certificates in PEM of the authorities whose certificates may sign.
        public var authorities: [String]
        /// Who may sign by a certificate, by a name in it; somebody has to be named.
        public var identities: [String]

        /// A requirement.
        public init(keys: [String] = [], authorities: [String] = [], identities: [String] = []) {
            self.keys = keys
            self.authorities = authorities
            self.identities = identities
        }
    }

    /// Whether every file has to be proven safe to load.
    public var scan: Bool
    /// The signature, where one is asked for.
    public var signature: Signature?
    /// Whether the `ModelTrustPolicy` resources about the model have to hold, by the repository's name.
    public var policy: Bool

    /// A requirement; without arguments none.
    public init(scan: Bool = false, signature: Signature? = nil, policy: Bool = false) {
        self.scan = scan
        self.signature = signature
        self.policy = policy
    }

    /// The checks that are asked for, by name.
    public var names: [String] {
        (signature == nil ? [] : ["signature"]) + (policy ? ["policy"] : []) + (scan ? ["scan"] : [])
    }
}
