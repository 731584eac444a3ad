/// Reads lengths of time as Go's `time.ParseDuration` does: `5s`, `1.5h`, `250ms`, `1m30s`.
package enum GoDuration {
    /// Units by name, in nanoseconds; Go knows both signs for micro.
    private static let units: [String: Double] = [
        "ns": 1, "us": 1e3, "\u{b5}s": 1e3, "\u{3bc}s": 1e3, "ms": 1e6, "s": 1e9, "m": 60e9, "h": 3_600e9,
    ]

    /// The length, or nil where the text is not of the form or is longer than Go can count (about 292 years).
    package static func parse(_ text: String) -> Duration? {
        var rest = Substring(text)
        var isNegative = false
        if let sign = rest.first, sign == "-" || sign == "+" {
            isNegative = sign == "-"
            rest = rest.dropFirst()
        }
        if rest == "0" { return .zero }
        guard !rest.isEmpty, rest.utf8.count <= 64 else { return nil }
        var nanoseconds = 0.0
        while !rest.isEmpty {
            let number = rest.prefix { $0.isASCII && $0.isNumber || $0 == "." }
            guard number.count(where: { $0 == "." }) <= 1, number.contains(where: { $0 != "." }),
                let count = Double("0" + number + (number.hasSuffix(".") ? "0" : ""))
            else { return nil }
            rest = rest.dropFirst(number.count)
            let name = rest.prefix { !($0.isASCII && $0.isNumber) && $0 != "." }
            rest = rest.dropFirst(name.count)
            guard let unit = units[String(name)] else { return nil }
            nanoseconds += count * unit
        }
        guard nanoseconds < 9.2e18 else { return nil }
        return .nanoseconds(Int64(isNegative ? -nanoseconds : nanoseconds))
    }
}
