/// Holds a file's bytes, as they come, to the digests of its parts.
struct VerifiedParts {
    private let entry: LoadManifest.File
    private let algorithm: HashAlgorithm
    private var hasher: PartHasher
    private var index = 0

    init(_ entry: LoadManifest.File, _ algorithm: HashAlgorithm) {
        self.entry = entry
        self.algorithm = algorithm
        hasher = PartHasher(algorithm)
    }

    /// Takes the next bytes.
    mutating func add(_ bytes: [UInt8], at offset: UInt64) throws(LoadFailure) {
        var rest = bytes[...]
        var place = offset
        while !rest.isEmpty {
            guard index < entry.parts.count else {
                throw LoadFailure(.tampered, entry.path.text, at: place, "it has more bytes than were signed")
            }
            let end = entry.parts[index].end ?? .max
            let count = Int(min(UInt64(rest.count), end - min(place, end)))
            hasher.add(rest.prefix(count))
            rest = rest.dropFirst(count)
            place += UInt64(count)
            if place == end { try close(at: place) }
        }
    }

    /// Ends the file.
    mutating func finish(at size: UInt64) throws(LoadFailure) {
        if index < entry.parts.count, entry.parts[index].end == nil { try close(at: size) }
        guard index == entry.parts.count else {
            throw LoadFailure(.tampered, entry.path.text, at: size, "it has fewer bytes than were signed")
        }
    }

    private mutating func close(at place: UInt64) throws(LoadFailure) {
        guard hasher.digest() == entry.parts[index].digest else {
            throw LoadFailure(
                .tampered,
                entry.path.text,
                "the bytes before byte \(place) are not those that were signed"
            )
        }
        index += 1
        hasher = PartHasher(algorithm)
    }
}
