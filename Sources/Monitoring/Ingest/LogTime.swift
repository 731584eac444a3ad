import Foundation
import ZeroTrust

/// Times as logs write them.
enum LogTime {
    /// RFC 3339 with `Z` or an offset: `2026-11-22T18:47:35.213Z`, `…+01:00`.
    static func rfc3339(_ text: String) -> Timestamp? {
        if let time = Timestamp(text) { return time }
        let bytes = Array(text.utf8)
        guard bytes.count >= 25, bytes.count <= 40, bytes[bytes.count - 3] == UInt8(ascii: ":") else { return nil }
        let offset = String(decoding: bytes.suffix(6), as: UTF8.self)
        guard let shift = Self.offset(offset),
            let local = Timestamp(String(decoding: bytes.dropLast(6), as: UTF8.self) + "Z")
        else { return nil }
        return Timestamp(nanoseconds: local.nanoseconds - shift)
    }

    /// PostgreSQL's `2026-11-22 18:47:35.213 UTC`; the zone has to be UTC or GMT, or an offset such as `+01`.
    static func postgres(_ text: String) -> Timestamp? {
        let parts = text.split(separator: " ")
        guard parts.count == 3, let local = Timestamp("\(parts[0])T\(parts[1])Z") else { return nil }
        if ["UTC", "GMT", "Z", "Etc/UTC"].contains(parts[2]) { return local }
        guard let shift = offset(String(parts[2])) else { return nil }
        return Timestamp(nanoseconds: local.nanoseconds - shift)
    }

    /// Apache's and S3's `06/Feb/2019:00:00:38 +0000`.
    static func common(_ text: String) -> Timestamp? {
        let parts = text.split(separator: " ")
        guard parts.count == 2, let shift = offset(String(parts[1])) else { return nil }
        let fields = parts[0].split(omittingEmptySubsequences: false) { $0 == "/" || $0 == ":" }
        guard fields.count == 6, let month = months.firstIndex(of: String(fields[1])), fields[0].utf8.count == 2 else {
            return nil
        }
        let number = month + 1 < 10 ? "0\(month + 1)" : "\(month + 1)"
        guard let local = Timestamp("\(fields[2])-\(number)-\(fields[0])T\(fields[3]):\(fields[4]):\(fields[5])Z")
        else {
            return nil
        }
        return Timestamp(nanoseconds: local.nanoseconds - shift)
    }

    /// Seconds since the epoch, with decimals, or milliseconds, microseconds or nanoseconds, told by their size.
    static func epoch(_ value: Double) -> Timestamp? {
        guard value.isFinite, value >= 0 else { return nil }
        let scale =
            switch value {
            case ..<1e11: 1e9
            case ..<1e14: 1e6
            case ..<1e17: 1e3
            default: 1.0
            }
        guard value * scale < 9.2e18 else { return nil }
        return Timestamp(nanoseconds: Int64(value * scale))
    }

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// `+01:00`, `-0530` or `+01` in nanoseconds.
    private static func offset(_ text: String) -> Int64? {
        guard let sign = text.first, sign == "+" || sign == "-" else { return nil }
        let digits = text.dropFirst().filter { $0 != ":" }
        guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), digits.count == 2 || digits.count == 4,
            let hours = Int64(digits.prefix(2)),
            let minutes = Int64(digits.dropFirst(2).isEmpty ? "0" : digits.dropFirst(2)),
            hours < 24, minutes < 60
        else { return nil }
        let seconds = hours * 3_600 + minutes * 60
        return (sign == "-" ? -seconds : seconds) * 1_000_000_000
    }
}
