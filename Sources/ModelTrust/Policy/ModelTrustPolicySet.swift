public import FoundationEssentials
public import Resources

/// All policies that say whose models are believed.
public struct ModelTrustPolicySet: Sendable {
    /// The policies.
    public let policies: [ModelTrustPolicy]

    /// Reads the policies among some documents; others are left alone.
    ///
    /// - Parameters:
    ///   - documents: the resources.
    ///   - read: reads a file that a policy names.
    /// - Throws: `ResourceError` with everything that is wrong in them.
    public init(
        _ documents: [Document],
        read: @escaping (_ path: String) throws -> [UInt8] = ModelTrustPolicySet.read
    ) throws {
        let own = documents.filter { $0.kind == ModelTrustPolicy.kind }
        policies = try collectingDiagnostics(own) { document in
            guard document.apiVersion == ModelTrustPolicy.apiVersion else {
                throw ResourceError(
                    at: document.location,
                    "a \(ModelTrustPolicy.kind) has the apiVersion `\(ModelTrustPolicy.apiVersion)`"
                )
            }
            return try ModelTrustPolicyDecoder(document: document, read: read).decode()
        }
    }

    /// Reads a file of at most four MiB.
    public static func read(_ path: String) throws -> [UInt8] {
        let file = try SignatureFile(path: path, what: "")
        guard file.facts.size <= 4 << 20 else {
            throw ModelRefusal(.unreadable, "`\(path)` has more than four MiB")
        }
        return try file.bytes()
    }

    /// A verifier for a model of a name.
    ///
    /// - Throws: ``ModelRefusal`` where no policy is about it.
    public func verifier(
        for name: String,
        options: VerificationOptions = VerificationOptions(),
        clock: @escaping @Sendable () -> Date = { Date() },
        progress: @escaping @Sendable (_ hashed: UInt64, _ total: UInt64) -> Void = { _, _ in }
    ) throws(ModelRefusal) -> ModelVerifier {
        let matching = policies.filter { $0.isAbout(name) }
        guard !matching.isEmpty else {
            throw ModelRefusal(.policy, "no \(ModelTrustPolicy.kind) is about a model called `\(name)`")
        }
        var options = options
        if matching.contains(where: { !$0.acceptsIgnoredPaths }) { options.acceptsSignedIgnoredPaths = false }
        return ModelVerifier(
            requirements: matching.map { SignerRequirement(name: $0.name, trusts: $0.signers) },
            options: options,
            clock: clock,
            progress: progress
        )
    }
}
