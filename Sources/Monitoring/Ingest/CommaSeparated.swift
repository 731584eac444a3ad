/// Fields with commas between, quoted where they have to be (RFC 4180).
enum CommaSeparated {
    /// The most fields of a line.
    static let maximumFields = 256

    /// The fields of one record; nil where a quotation mark is not closed, or there are too many.
    static func fields(_ line: some Collection<UInt8>) -> [String]? {
        var fields: [String] = []
        var field: [UInt8] = []
        var isQuoted = false
        var index = line.startIndex
        while index < line.endIndex {
            let byte = line[index]
            index = line.index(after: index)
            switch byte {
            case UInt8(ascii: "\"") where isQuoted:
                if index < line.endIndex, line[index] == UInt8(ascii: "\"") {
                    field.append(byte)
                    index = line.index(after: index)
                } else {
                    isQuoted = false
                }
            case UInt8(ascii: "\""): isQuoted = true
            case UInt8(ascii: ",") where !isQuoted:
                fields.append(String(decoding: field, as: UTF8.self))
                field.removeAll(keepingCapacity: true)
                guard fields.count < maximumFields else { return nil }
            default: field.append(byte)
            }
        }
        guard !isQuoted else { return nil }
        fields.append(String(decoding: field, as: UTF8.self))
        return fields
    }
}
