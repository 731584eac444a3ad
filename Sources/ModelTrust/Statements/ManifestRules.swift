/// The rules that hold between the resources of a manifest.
enum ManifestRules {
    /// - Throws: ``ModelRefusal`` naming the rule that is broken.
    static func check(_ manifest: SignedManifest, isLenientAboutOrder: Bool) throws(ModelRefusal) {
        guard !manifest.resources.isEmpty else {
            throw ModelRefusal(.malformedManifest, "the manifest lists no files, so that nothing would be verified")
        }
        let files = manifest.files
        if files.contains(where: { $0.path == .itself }), files.count > 1 {
            throw ModelRefusal(.malformedManifest, "the manifest has the path `.` beside others")
        }
        for file in files {
            switch manifest.method {
            case .files:
                guard file.resources.count == 1 else {
                    throw ModelRefusal(.malformedManifest, "`\(file.path)` is listed twice")
                }
            case .shards(let size): try check(shards: file.resources, of: file.path, size: size)
            }
        }
        guard isLenientAboutOrder || isOrdered(manifest.resources) else {
            throw ModelRefusal(
                .malformedManifest,
                "the resources are ordered neither by name nor by the components of their paths"
            )
        }
    }

    /// The shards of a file cover it without a gap and without an overlap, each but the last of the full size.
    private static func check(
        shards: [SignedResource],
        of path: ModelPath,
        size: UInt64
    ) throws(ModelRefusal) {
        let ranges = shards.compactMap(\.range).sorted { $0.lowerBound < $1.lowerBound }
        var end: UInt64 = 0
        for (index, range) in ranges.enumerated() {
            guard range.lowerBound == end else {
                throw ModelRefusal(
                    .malformedManifest,
                    range.lowerBound > end
                        ? "no shard covers the bytes \(end) to \(range.lowerBound) of `\(path)`"
                        : "two shards cover byte \(range.lowerBound) of `\(path)`"
                )
            }
            let length = range.upperBound - range.lowerBound
            guard index == ranges.count - 1 ? length <= size : length == size else {
                throw ModelRefusal(.malformedManifest, "a shard of `\(path)` has \(length) bytes and not \(size)")
            }
            end = range.upperBound
        }
    }

    /// Whether resources stand in an order that signers use: by code points of the name, as the specification has it, or
    /// by path as model_signing does, with the shards of a file by number.
    static func isOrdered(_ resources: [SignedResource]) -> Bool {
        isOrdered(resources) { $0.name < $1.name }
            || isOrdered(resources) { precedes($0, $1) { $0 < $1 } }
            || isOrdered(resources) { precedes($0, $1, by: ModelPath.precedesByComponents) }
    }

    private static func precedes(
        _ left: SignedResource,
        _ right: SignedResource,
        by areInOrder: (ModelPath, ModelPath) -> Bool
    ) -> Bool {
        if left.path != right.path { return areInOrder(left.path, right.path) }
        return (left.range?.lowerBound ?? 0) < (right.range?.lowerBound ?? 0)
    }

    private static func isOrdered(
        _ resources: [SignedResource],
        by areInOrder: (SignedResource, SignedResource) -> Bool
    ) -> Bool {
        resources.indices.dropFirst().allSatisfy { areInOrder(resources[$0 - 1], resources[$0]) }
    }
}
