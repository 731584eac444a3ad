/// The encoding of other scripts in letters and digits (RFC 3492 §6).
enum Punycode {
    private static let (base, least, most, skew, damp, firstBias, firstCode) = (36, 1, 26, 38, 700, 72, 128)
    /// No label has more.
    private static let limit = 256

    static func decode(_ text: String) -> [Unicode.Scalar]? {
        guard text.utf8.count <= limit else { return nil }
        var output: [UInt32] = []
        var rest = text.utf8[...]
        if let place = rest.lastIndex(of: UInt8(ascii: "-")) {
            output = rest[..<place].map { UInt32($0) }
            rest = rest[rest.index(after: place)...]
        }
        var (code, place, bias) = (firstCode, 0, firstBias)
        while !rest.isEmpty {
            let before = place
            var weight = 1
            var k = base
            while true {
                guard let digit = rest.popFirst().flatMap(value) else { return nil }
                let (product, overflows) = digit.multipliedReportingOverflow(by: weight)
                guard !overflows, place <= 1 << 40 else { return nil }
                place += product
                let threshold = min(max(k - bias, least), most)
                if digit < threshold { break }
                let (next, grows) = weight.multipliedReportingOverflow(by: base - threshold)
                guard !grows, next < 1 << 40 else { return nil }
                weight = next
                k += base
            }
            let count = output.count + 1
            bias = adapt(place - before, count, isFirst: before == 0)
            code += place / count
            place %= count
            guard code <= 0x10FFFF else { return nil }
            output.insert(UInt32(code), at: place)
            place += 1
        }
        var scalars: [Unicode.Scalar] = []
        for value in output {
            guard let scalar = Unicode.Scalar(value) else { return nil }
            scalars.append(scalar)
        }
        return scalars
    }

    static func encode(_ scalars: [Unicode.Scalar]) -> String? {
        guard scalars.count <= limit else { return nil }
        var output = String(String.UnicodeScalarView(scalars.filter(\.isASCII)))
        var handled = output.unicodeScalars.count
        let basic = handled
        if basic > 0 { output += "-" }
        var (code, delta, bias) = (firstCode, 0, firstBias)
        while handled < scalars.count {
            guard let next = scalars.lazy.map({ Int($0.value) }).filter({ $0 >= code }).min() else { return nil }
            delta += (next - code) * (handled + 1)
            code = next
            for scalar in scalars {
                if Int(scalar.value) < code { delta += 1 }
                guard Int(scalar.value) == code else { continue }
                var q = delta
                var k = base
                while true {
                    let threshold = min(max(k - bias, least), most)
                    if q < threshold { break }
                    output.unicodeScalars.append(digit(threshold + (q - threshold) % (base - threshold)))
                    q = (q - threshold) / (base - threshold)
                    k += base
                }
                output.unicodeScalars.append(digit(q))
                bias = adapt(delta, handled + 1, isFirst: handled == basic)
                delta = 0
                handled += 1
            }
            delta += 1
            code += 1
        }
        return output
    }

    private static func adapt(_ delta: Int, _ count: Int, isFirst: Bool) -> Int {
        var delta = isFirst ? delta / damp : delta / 2
        delta += delta / count
        var k = 0
        while delta > (base - least) * most / 2 {
            delta /= base - least
            k += base
        }
        return k + (base - least + 1) * delta / (delta + skew)
    }

    private static func value(_ byte: UInt8) -> Int? {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"): Int(byte) - 0x61
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): Int(byte) - 0x41
        case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(byte) - 0x30 + 26
        default: nil
        }
    }

    private static func digit(_ value: Int) -> Unicode.Scalar {
        Unicode.Scalar(UInt8(value < 26 ? value + 0x61 : value - 26 + 0x30))
    }
}
