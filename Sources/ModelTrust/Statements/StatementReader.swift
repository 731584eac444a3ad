import SPIFFE
import ZeroTrust

/// Reads an in-toto statement about a model (OMS 1.0 §5, §8.3).
struct StatementReader {
    static let statementType = "https://in-toto.io/Statement/v1"
    static let predicateType = "https://model_signing/signature/v1.0"
    static let legacyPredicateType = "https://model_signing/Digests/v0.1"

    private let reader = JSONReader(.malformedStatement, "the signed statement")
    /// Whether the resources may stand in any order.
    let isLenientAboutOrder: Bool

    /// Reads a payload.
    ///
    /// - Throws: ``ModelRefusal`` naming the rule that is broken.
    func read(_ payload: [UInt8]) throws(ModelRefusal) -> SignedManifest {
        let (manifest, digest) = try parse(payload)
        try ManifestRules.check(manifest, isLenientAboutOrder: manifest.isLegacy || isLenientAboutOrder)
        guard digest == nil || manifest.rootDigest == digest else {
            throw ModelRefusal(.malformedManifest, "the subject's digest is not the one of the resources")
        }
        return manifest
    }

    /// What a payload says, of which nothing else is kept, and the digest that it says is that of its resources.
    private func parse(_ payload: [UInt8]) throws(ModelRefusal) -> (SignedManifest, [UInt8]?) {
        let root = try reader.object(
            try reader.parse(payload, maximumSize: SignatureBundle.maximumSize),
            "the signed statement"
        )
        try reader.only(["_type", "subject", "predicateType", "predicate"], in: root, "the statement")
        let type = try reader.string(root["_type"], "`_type`")
        guard type == Self.statementType else {
            throw reader.refuse("`_type` is `\(type.prefix(100))` and not `\(Self.statementType)`")
        }
        let predicate = try reader.object(root["predicate"], "`predicate`")
        switch try reader.string(root["predicateType"], "`predicateType`") {
        case Self.predicateType:
            let subject = try subject(root["subject"])
            return (try manifest(predicate, subject.name), subject.digest)
        case Self.legacyPredicateType: return (try legacyManifest(root["subject"]), nil)
        case let other: throw reader.refuse("the predicate's type `\(other.prefix(100))` is not known here")
        }
    }

    // MARK: Version 1.0

    private func subject(_ value: StrictJSON?) throws(ModelRefusal) -> (name: String, digest: [UInt8]) {
        let subjects = try reader.array(value, "`subject`")
        guard subjects.count == 1 else {
            throw reader.refuse("there are \(subjects.count) subjects, and there has to be one")
        }
        let subject = try reader.object(subjects[0], "the subject")
        let name = try reader.string(subject["name"], "the subject's name")
        guard !name.isEmpty else { throw reader.refuse("the subject's name is empty") }
        let digests = try reader.object(subject["digest"], "the subject's digest")
        guard let digest = Hexadecimal.bytes(try reader.string(digests["sha256"], "the subject's `sha256`")),
            digest.count == 32
        else { throw reader.refuse("the subject's `sha256` is no SHA-256 in lower-case hexadecimal") }
        return (name, digest)
    }

    private func manifest(
        _ predicate: [String: StrictJSON],
        _ name: String
    ) throws(ModelRefusal) -> SignedManifest {
        try reader.only(["resources", "serialization"], in: predicate, "the predicate")
        let serialization = try reader.object(predicate["serialization"], "`serialization`")
        try reader.only(
            ["method", "hash_type", "shard_size", "allow_symlinks", "ignore_paths"],
            in: serialization,
            "`serialization`"
        )
        let method = try method(serialization)
        let hashType = try reader.string(serialization["hash_type"], "`hash_type`")
        guard let algorithm = HashAlgorithm(rawValue: hashType) else {
            throw reader.refuse("the hash `\(hashType.prefix(40))` is not known here")
        }
        guard case .bool(let followsLinks) = serialization["allow_symlinks"] else {
            throw reader.refuse("`allow_symlinks` is missing or neither true nor false")
        }
        let ignored = try ignoredPaths(serialization["ignore_paths"])
        let resources = try reader.list(
            predicate["resources"],
            "`resources`",
            maximum: SignedManifest.maximumResources
        ) { (value) throws(ModelRefusal) in try resource(value, method, algorithm) }
        return SignedManifest(
            method: method,
            algorithm: algorithm,
            followsLinks: followsLinks,
            ignoredPaths: ignored,
            resources: resources,
            name: name,
            isLegacy: false
        )
    }

    private func method(_ serialization: [String: StrictJSON]) throws(ModelRefusal) -> SerializationMethod {
        switch try reader.string(serialization["method"], "`method`") {
        case "files":
            guard serialization["shard_size"] == nil else {
                throw reader.refuse("`shard_size` has no place beside the method `files`")
            }
            return .files
        case "shards": return .shards(size: try shardSize(serialization["shard_size"]))
        case let other: throw reader.refuse("the method `\(other.prefix(40))` is neither `files` nor `shards`")
        }
    }

    /// A whole number above zero, which model_signing writes as `1000.0`.
    private func shardSize(_ value: StrictJSON?) throws(ModelRefusal) -> UInt64 {
        let size: UInt64? =
            switch value {
            case .integer(let integer): UInt64(exactly: integer)
            case .number(let text): Double(text).flatMap { $0 < 0x1p53 ? UInt64(exactly: $0) : nil }
            default: nil
            }
        guard let size, size > 0 else { throw reader.refuse("`shard_size` is missing or no whole number above zero") }
        return size
    }

    private func ignoredPaths(_ value: StrictJSON?) throws(ModelRefusal) -> [ModelPath] {
        guard let value else { return [] }
        return try reader.list(value, "`ignore_paths`", maximum: 10_000) { (entry) throws(ModelRefusal) in
            let text = try reader.string(entry, "an ignored path")
            guard !text.utf8.contains(where: { Array("*?[".utf8).contains($0) }) else {
                throw ModelRefusal(
                    .malformedManifest,
                    "the ignored path `\(text.prefix(200))` has a pattern's character"
                )
            }
            return try ModelPath(text)
        }
    }

    private func resource(
        _ value: StrictJSON,
        _ method: SerializationMethod,
        _ algorithm: HashAlgorithm
    ) throws(ModelRefusal) -> SignedResource {
        // Names that are not known are left alone here, and only here (OMS 1.0 §5.2.1).
        let resource = try reader.object(value, "a resource")
        let name = try reader.string(resource["name"], "a resource's name")
        let named = try reader.string(resource["algorithm"], "a resource's algorithm")
        var algorithms = [algorithm.rawValue]
        if case .shards(let size) = method { algorithms.append("\(algorithm.rawValue)-sharded-\(size)") }
        guard algorithms.contains(named) else {
            throw ModelRefusal(
                .malformedManifest,
                "the algorithm of `\(name.prefix(200))` is `\(named.prefix(40))`, and the statement says \(algorithm.rawValue)"
            )
        }
        let digest = try digest(resource["digest"], of: name, algorithm)
        guard case .shards = method else {
            return SignedResource(path: try path(name), range: nil, digest: digest)
        }
        guard let shard = Self.shard(name) else {
            throw ModelRefusal(.malformedManifest, "the shard `\(name.prefix(200))` does not say which bytes it is of")
        }
        return SignedResource(path: try path(shard.path), range: shard.range, digest: digest)
    }

    private func digest(
        _ value: StrictJSON?,
        of name: String,
        _ algorithm: HashAlgorithm
    ) throws(ModelRefusal) -> [UInt8] {
        let text = try reader.string(value, "a resource's digest")
        guard let digest = Hexadecimal.bytes(text), digest.count == algorithm.digestLength else {
            throw ModelRefusal(
                .malformedManifest,
                "the digest of `\(name.prefix(200))` is no \(algorithm.rawValue) in lower-case hexadecimal"
            )
        }
        return digest
    }

    private func path(_ text: String) throws(ModelRefusal) -> ModelPath {
        text == "." ? .itself : try ModelPath(text)
    }

    /// The path and the range of `PATH:START:END`; the path may itself hold colons.
    private static func shard(_ name: String) -> (path: String, range: Range<UInt64>)? {
        func number(_ digits: Substring) -> UInt64? {
            guard let first = digits.utf8.first, digits.utf8.count == 1 || first != UInt8(ascii: "0"),
                digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
            else { return nil }
            return UInt64(digits)
        }
        guard let second = name.utf8.lastIndex(of: UInt8(ascii: ":")),
            let first = name.utf8[..<second].lastIndex(of: UInt8(ascii: ":")),
            let start = number(name[name.utf8.index(after: first)..<second]),
            let end = number(name[name.utf8.index(after: second)...]), start < end
        else { return nil }
        return (String(name[..<first]), start..<end)
    }

    // MARK: Version 0.2.0

    /// Every subject is a file (OMS 1.0 §11).
    private func legacyManifest(_ value: StrictJSON?) throws(ModelRefusal) -> SignedManifest {
        let resources = try reader.list(value, "`subject`", maximum: SignedManifest.maximumResources) {
            (value) throws(ModelRefusal) in
            let subject = try reader.object(value, "a subject")
            let name = try reader.string(subject["name"], "a subject's name")
            let digests = try reader.object(subject["digest"], "a subject's digest")
            if let annotations = reader.optional(subject["annotations"]) {
                let annotations = try reader.object(annotations, "`annotations`")
                if let named = reader.optional(annotations["actual_hash_algorithm"]) {
                    guard named.string == "file-sha256" || named.string == "sha256" else {
                        throw ModelRefusal(
                            .malformedManifest,
                            "`\(name.prefix(200))` was not hashed by SHA-256 as a file"
                        )
                    }
                }
            }
            return SignedResource(
                path: try path(name),
                range: nil,
                digest: try digest(digests["sha256"], of: name, .sha256)
            )
        }
        return SignedManifest(
            method: .files,
            algorithm: .sha256,
            followsLinks: false,
            ignoredPaths: [],
            resources: resources,
            name: "model",
            isLegacy: true
        )
    }
}
