extension InjectionCalibration {
    /// The largest file that is read, in bytes.
    public static let maximumFile = 16 << 20

    private static let version = "lapwing.dev/guard-calibration/v1"

    /// Reads the file that `lapwing guard calibrate` writes.
    ///
    /// - Throws: ``JSONFailure`` where the bytes are no JSON, ``PatternError`` where they are no calibration.
    public init(file bytes: [UInt8]) throws {
        let limits = JSONLimits(bytes: Self.maximumFile, depth: 4, values: 4 << 20, stringBytes: 4096)
        let root = try JSONDocument(bytes, limits: limits).root
        guard root["version"]?.string == Self.version, let name = root["name"]?.string, let scores = root["scores"],
            scores.kind == .object
        else { throw PatternError(.file, "it is no calibration; `lapwing guard calibrate` writes one") }
        var read: [TextChannel: [Int32]] = [:]
        for (key, values) in scores.members {
            guard let channel = key.string.flatMap({ TextChannel(rawValue: $0) }) else {
                throw PatternError(.file, "it names the channel `\(key.string ?? "")`, which there is not")
            }
            guard values.kind == .array else {
                throw PatternError(.file, "the scores of `\(channel.rawValue)` are no list")
            }
            read[channel] = try values.elements.map { value in
                guard let number = value.integer.flatMap({ Int32(exactly: $0) }) else {
                    throw PatternError(.file, "a score of `\(channel.rawValue)` is no whole number of 32 bits")
                }
                return number
            }
        }
        self.init(name: name, scores: read)
    }

    /// The calibration as a file, the same bytes for the same scores.
    public var file: [UInt8] {
        var writer = JSONText()
        writer.object {
            $0.string("name", name)
            $0.object("scores") { object in
                for channel in scores.keys.sorted(by: { $0.rawValue < $1.rawValue }) {
                    let values = (scores[channel] ?? []).map(String.init).joined(separator: ",")
                    object.raw(channel.rawValue, "[\(values)]")
                }
            }
            $0.string("version", Self.version)
        }
        return writer.bytes + [0x0A]
    }
}
