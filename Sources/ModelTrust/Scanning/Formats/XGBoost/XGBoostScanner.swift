/// XGBoost's models as Universal Binary JSON, which it writes where nothing else is said.
///
/// They hold numbers and texts and nothing that is run, and XGBoost believes the numbers: a child that is not there, or
/// a feature beyond the last, is read from beside the memory. So trees are walked.
enum XGBoostScanner: FormatScanner {
    static let format = "xgboost"

    /// Whether it begins with an object whose first key is one of a model's.
    static func recognises(_ input: ScanInput) throws(ScanStop) -> Bool {
        let head = try input.head(32)
        guard head.count > 12, head[0] == UInt8(ascii: "{") else { return false }
        let widths: [UInt8: Int] = [
            UInt8(ascii: "i"): 1, UInt8(ascii: "U"): 1, UInt8(ascii: "I"): 2, UInt8(ascii: "l"): 4,
            UInt8(ascii: "L"): 8,
        ]
        guard let width = widths[head[1]] else { return false }
        return ["learner", "version", "Config", "Model"].contains { key in
            head.dropFirst(2 + width).starts(with: key.utf8) && head[1 + width] == UInt8(key.utf8.count)
                && head[2..<(1 + width)].allSatisfy { $0 == 0 }
        }
    }

    static func scan(_ input: ScanInput, _ context: ScanContext) throws(ScanStop) {
        var reader = UBJSONReader(input, context)
        var model = XGBoostModel()
        let whole = try reader.value { (reader, path, value) throws(ScanStop) in
            guard path.last == "trees" else { return false }
            try model.tree(value, reader)
            return true
        }
        guard reader.cursor.remaining == 0 else {
            throw ScanStop(
                rule: "trailing-bytes",
                offset: reader.cursor.offset,
                message: "\(reader.cursor.remaining) bytes follow the model"
            )
        }
        try model.check(whole, reader)
    }
}
