/// Numbers as a page shows them.
package enum Count {
    /// `12,345`.
    package static func text(_ value: UInt64) -> String {
        let digits = Array(String(value))
        var result = ""
        for (place, digit) in digits.enumerated() {
            if place > 0, (digits.count - place).isMultiple(of: 3) { result += "," }
            result.append(digit)
        }
        return result
    }

    /// How long something is, or has been: `42 s`, `7 min`, `3 h`, `2 d`.
    package static func span(_ seconds: Double) -> String {
        switch seconds {
        case ..<0: "0 s"
        case ..<1: "<1 s"
        case ..<120: "\(Int(seconds)) s"
        case ..<7200: "\(Int(seconds / 60)) min"
        case ..<172_800: "\(Int(seconds / 3600)) h"
        default: "\(Int(min(seconds, 1e12) / 86_400)) d"
        }
    }
}
