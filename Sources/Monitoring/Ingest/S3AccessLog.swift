import ZeroTrust

/// S3's server access log: up to 27 fields with blanks between, of which times stand in brackets and texts in quotation marks.
enum S3AccessLog {
    /// The places of the fields that are used, counted from 0.
    private enum Field {
        static let bucket = 1
        static let time = 2
        static let address = 3
        static let requester = 4
        static let operation = 6
        static let key = 7
        static let status = 9
        static let error = 10
        static let bytes = 11
        static let least = 17
    }

    static func observation(_ line: [UInt8], _ record: UInt64) throws(MonitoringError) -> Observation? {
        guard let fields = fields(line), fields.count >= Field.least else {
            throw MonitoringError(
                .malformed,
                "line \(record) of the S3 log has not the \(Field.least) fields that all have"
            )
        }
        guard let time = LogTime.common(fields[Field.time]) else {
            throw MonitoringError(.malformed, "line \(record) of the S3 log: its time cannot be read")
        }
        let requester = fields[Field.requester]
        let isAnonymous = requester == "-"
        let status = Int(fields[Field.status])
        // `REST.GET.OBJECT`, `BATCH.DELETE.OBJECT`, `S3.EXPIRE.OBJECT`, …
        let words = fields[Field.operation].split(separator: ".")
        // Of a copy, `REST.COPY.OBJECT_GET` and `REST.COPY.PART_GET` are the reading of what is copied.
        let isCopied = words.count >= 3 && words[1] == "COPY" && words[2].hasSuffix("_GET")
        let method = words.count >= 2 && !isCopied ? String(words[1]) : "GET"
        // An upload is begun with a key; without one, those of a bucket are listed.
        let listsUploads = words.count >= 3 && words[2] == "UPLOADS" && fields[Field.key] == "-"
        let isOnObject =
            isCopied
            || words.count >= 3 && ["OBJECT", "PART", "UPLOAD", "UPLOADS"].contains(words[2]) && !listsUploads
        let isListing = words.count >= 3 && words[2] == "BUCKET" || listsUploads
        var marks: Observation.Marks = []
        if isAnonymous { marks.insert(.anonymous) }
        if !isOnObject, !isListing { marks.insert(.controlPlane) }
        if words.first == "S3" { marks.insert(.automatic) }
        return Observation(
            source: .s3,
            record: record,
            time: time,
            caller: isAnonymous ? "anonymous@\(fields[Field.address])" : requester,
            callee: fields[Field.bucket],
            verb: marks.contains(.controlPlane) || listsUploads ? fields[Field.operation] : method,
            verbClass: VerbClass(verb: method),
            object: fields[Field.key] == "-" ? "" : fields[Field.key],
            decision: status == 403 || fields[Field.error] == "AccessDenied" ? .deny : .allow,
            status: status,
            bytes: UInt64(fields[Field.bytes]) ?? 0,
            marks: marks
        )
    }

    /// The fields of a line; nil where a bracket or quotation mark is not closed, or there are too many.
    static func fields(_ line: [UInt8]) -> [String]? {
        var fields: [String] = []
        var index = 0
        while index < line.count {
            while index < line.count, line[index] == UInt8(ascii: " ") { index += 1 }
            guard index < line.count else { break }
            let start: Int
            let end: Int
            switch line[index] {
            case UInt8(ascii: "["):
                start = index + 1
                guard let close = line[start...].firstIndex(of: UInt8(ascii: "]")) else { return nil }
                end = close
                index = close + 1
            case UInt8(ascii: "\""):
                start = index + 1
                // A quotation mark within a text is not escaped; the one that closes it has a blank behind it.
                var close = start
                while close < line.count {
                    if line[close] == UInt8(ascii: "\""),
                        close + 1 == line.count || line[close + 1] == UInt8(ascii: " ")
                    {
                        break
                    }
                    close += 1
                }
                guard close < line.count else { return nil }
                end = close
                index = close + 1
            default:
                start = index
                while index < line.count, line[index] != UInt8(ascii: " ") { index += 1 }
                end = index
            }
            fields.append(String(decoding: line[start..<end], as: UTF8.self))
            guard fields.count <= 64 else { return nil }
        }
        return fields
    }
}
