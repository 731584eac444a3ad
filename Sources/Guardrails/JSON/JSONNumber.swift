/// A number as it was written, to the last digit: ten times a power of ten is reckoned with, never rounded.
public struct JSONNumber: Hashable, Sendable {
    /// Whether it is below zero.
    public let isNegative: Bool
    /// The significant digits, 0 to 9 each, without zeros at either end; none for zero.
    let digits: [UInt8]
    /// The power of ten that the digits, taken as a whole number, are multiplied with.
    let exponent: Int

    static let zero = JSONNumber(isNegative: false, digits: [], exponent: 0)

    private init(isNegative: Bool, digits: [UInt8], exponent: Int) {
        self.isNegative = isNegative
        self.digits = digits
        self.exponent = exponent
    }

    /// Reads a number as JSON has it; the text was checked before.
    init(_ lexeme: ArraySlice<UInt8>) {
        var digits: [UInt8] = []
        digits.reserveCapacity(lexeme.count)
        var exponent = 0
        var (isFraction, isExponent, isNegativeExponent) = (false, false, false)
        var written = 0
        for byte in lexeme {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                let digit = byte - UInt8(ascii: "0")
                if isExponent {
                    written = min(written * 10 + Int(digit), 1 << 40)
                } else {
                    if !digits.isEmpty || digit != 0 { digits.append(digit) }
                    if isFraction { exponent -= 1 }
                }
            case UInt8(ascii: "."): isFraction = true
            case UInt8(ascii: "e"), UInt8(ascii: "E"): isExponent = true
            case UInt8(ascii: "-") where isExponent: isNegativeExponent = true
            default: break
            }
        }
        exponent += isNegativeExponent ? -written : written
        while digits.last == 0 {
            digits.removeLast()
            exponent += 1
        }
        self.digits = digits
        self.exponent = digits.isEmpty ? 0 : exponent
        self.isNegative = lexeme.first == UInt8(ascii: "-") && !digits.isEmpty
    }

    /// Whether it is a whole number, as `1.0` and `1e2` are.
    public var isInteger: Bool { exponent >= 0 }

    /// The value, where it is a whole number that fits.
    public var integer: Int? {
        guard isInteger, digits.count + exponent <= 18 else { return nil }
        var value = digits.reduce(0) { $0 * 10 + Int($1) }
        for _ in 0..<exponent { value *= 10 }
        return isNegative ? -value : value
    }

    /// Whether it is a whole multiple of another number, which is not zero.
    ///
    /// - Returns: nil where the divisor has more digits than are reckoned with: 38.
    public func isMultiple(of divisor: JSONNumber) -> Bool? {
        guard divisor.digits.count <= 38 else { return nil }
        if digits.isEmpty { return true }
        if divisor.digits.isEmpty { return false }
        // Neither ends in a zero: the one with the smaller power of ten has no factor ten to spare.
        guard exponent >= divisor.exponent else { return false }
        let modulus = divisor.digits.reduce(UInt128(0)) { $0 * 10 + UInt128($1) }
        var rest = digits.reduce(UInt128(0)) { Self.multiply($0, 10, plus: UInt128($1), modulo: modulus) }
        var power = exponent - divisor.exponent
        var factor = 10 % modulus
        while power > 0, rest != 0 {
            if power & 1 == 1 { rest = Self.multiply(rest, factor, plus: 0, modulo: modulus) }
            factor = Self.multiply(factor, factor, plus: 0, modulo: modulus)
            power >>= 1
        }
        return rest == 0
    }

    private static func multiply(_ a: UInt128, _ b: UInt128, plus c: UInt128, modulo m: UInt128) -> UInt128 {
        var (high, low) = a.multipliedFullWidth(by: b)
        let (sum, carries) = low.addingReportingOverflow(c)
        low = sum
        if carries { high += 1 }
        return m.dividingFullWidth((high % m, low)).remainder
    }

    func writeCanonical(to output: inout [UInt8]) {
        output.append(isNegative ? UInt8(ascii: "-") : UInt8(ascii: "+"))
        output += digits.map { $0 + UInt8(ascii: "0") }
        output.append(UInt8(ascii: "e"))
        output += String(exponent).utf8
        output.append(UInt8(ascii: ";"))
    }
}

extension JSONNumber: Comparable {
    /// Compares by value.
    public static func < (left: Self, right: Self) -> Bool {
        if left.isNegative != right.isNegative { return left.isNegative }
        return left.isNegative ? isSmaller(right, left) : isSmaller(left, right)
    }

    /// Whether the first is nearer to zero.
    private static func isSmaller(_ left: Self, _ right: Self) -> Bool {
        if left.digits.isEmpty || right.digits.isEmpty { return left.digits.isEmpty && !right.digits.isEmpty }
        let (a, b) = (left.digits.count + left.exponent, right.digits.count + right.exponent)
        if a != b { return a < b }
        return left.digits.lexicographicallyPrecedes(right.digits)
    }
}

extension JSONNumber: CustomStringConvertible {
    /// The digits and the power of ten, plainly where that is short.
    public var description: String {
        let text = String(decoding: digits.map { $0 + UInt8(ascii: "0") }, as: UTF8.self)
        let sign = isNegative ? "-" : ""
        if digits.isEmpty { return "0" }
        if exponent == 0 { return sign + text }
        if exponent > 0, exponent <= 18 { return sign + text + String(repeating: "0", count: exponent) }
        if exponent < 0, -exponent < 18 {
            let padded = String(repeating: "0", count: max(0, 1 - exponent - digits.count)) + text
            return sign + padded.dropLast(-exponent) + "." + padded.suffix(-exponent)
        }
        return "\(sign)\(text)e\(exponent)"
    }
}
