import ZeroTrust

/// S3's server access log: fields with blanks between, of which the time stands in brackets and texts in quotation marks.
enum S3AccessLog {
    /// The places of the fields that are used, counted from 0.
    private enum Field {
        static let bucket = 1
        static let time = 2
        static let address = 3
        static let requester = 4
        static let operation = 6
        static let key = 7
        static let request = 8
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

    /// The fields that all lines have; nil where a line has fewer, or a bracket or quotation mark is not closed.
    ///
    /// What the client says of itself, the referrer and the agent, stands last of them and is not escaped. A mark in it
    /// moves no field that is used, and what follows is not looked at: so nobody can make their own lines unreadable.
    static func fields(_ line: [UInt8]) -> [String]? {
        var fields: [String] = []
        var index = 0
        while fields.count < Field.least {
            while index < line.count, line[index] == UInt8(ascii: " ") { index += 1 }
            guard index < line.count else { return nil }
            let place = fields.count
            let range: Range<Int>
            switch line[index] {
            case UInt8(ascii: "[") where place == Field.time:
                guard let close = line[index...].firstIndex(of: UInt8(ascii: "]")) else { return nil }
                range = (index + 1)..<close
                index = close + 1
            case UInt8(ascii: "\""):
                guard let close = closingMark(line, after: index, isRequest: place == Field.request) else { return nil }
                range = (index + 1)..<close
                index = close + 1
            default:
                let end = line[index...].firstIndex(of: UInt8(ascii: " ")) ?? line.count
                range = index..<end
                index = end
            }
            fields.append(String(decoding: line[range], as: UTF8.self))
        }
        return fields
    }

    /// Where a text ends: at a quotation mark with a blank behind it, and after a request with a status behind that, since
    /// its path may hold marks of its own.
    private static func closingMark(_ line: [UInt8], after open: Int, isRequest: Bool) -> Int? {
        var place = open + 1
        while let mark = line[place...].firstIndex(of: UInt8(ascii: "\"")) {
            place = mark + 1
            if place == line.count { return isRequest ? nil : mark }
            guard line[place] == UInt8(ascii: " ") else { continue }
            if !isRequest || isStatus(line[(place + 1)...].prefix { $0 != UInt8(ascii: " ") }) { return mark }
        }
        return nil
    }

    private static func isStatus(_ word: ArraySlice<UInt8>) -> Bool {
        word.elementsEqual([UInt8(ascii: "-")]) || word.count == 3 && word.allSatisfy { (0x30...0x39).contains($0) }
    }
}
