/// Takes records out of the log to somewhere else.
public protocol RecordSink: Sendable {
    /// Returns once the records are taken for good.
    ///
    /// - Parameters:
    ///   - records: the records, in the order of the log; never none.
    ///   - mark: what the last call returned, kept with the cursor; that of nothing at first.
    /// - Returns: what the next call gets.
    /// - Throws: ``SinkRefusal`` where it will not take them, however often they are offered; anything else where it
    ///   could not, and may later.
    func take(_ records: [ExportedRecord], after mark: SinkMark) async throws -> SinkMark
}

/// What a sink wants to be told the next time, kept with its cursor.
public struct SinkMark: Hashable, Sendable {
    /// How much there was of what the sink wrote.
    public var length: UInt64
    /// By what the sink knows again where it wrote, such as the file; at most ``maximumPlace`` bytes.
    public var place: String?

    /// The longest place.
    public static let maximumPlace = 8_192

    /// A mark; that of nothing where nothing is said.
    public init(length: UInt64 = 0, place: String? = nil) {
        self.length = length
        self.place = place
    }
}

/// Why a sink will never take some records.
public struct SinkRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    /// What it said.
    public let description: String

    /// A refusal in words.
    public init(_ description: String) {
        self.description = description
    }
}

/// How records are written.
public enum ExportFormat: String, Hashable, Sendable, CaseIterable {
    /// One record a line, as it is in the log, with the entry's index.
    case jsonl
    /// One event of OCSF 1.8.0 a line.
    case ocsf
}

extension ExportFormat {
    /// The line of a record, with its line feed; empty where the form has none for it.
    public func line(_ record: ExportedRecord, with exporter: OCSFExporter) -> [UInt8] {
        switch self {
        case .jsonl: Array("{\"entry\":\(record.index),\"record\":".utf8) + record.entry + Array("}\n".utf8)
        case .ocsf: exporter.event(record).map { $0 + [0x0a] } ?? []
        }
    }
}
