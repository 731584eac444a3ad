/// The check digits of numbers, over digits as numbers from 0 to 9.
enum Checksum {
    /// ISO/IEC 7812-1, annex B: payment cards and more.
    static func luhn(_ digits: some BidirectionalCollection<UInt8>) -> Bool {
        var sum = 0
        var doubles = false
        for digit in digits.reversed() {
            var value = Int(digit)
            if doubles {
                value *= 2
                if value > 9 { value -= 9 }
            }
            sum += value
            doubles.toggle()
        }
        return sum % 10 == 0
    }

    /// The sum of digits times weights.
    static func weighted(_ digits: some Collection<UInt8>, _ weights: [Int]) -> Int {
        zip(digits, weights).reduce(0) { $0 + Int($1.0) * $1.1 }
    }

    /// The Verhoeff scheme, which Aadhaar numbers end with: sums in the dihedral group of ten.
    static func verhoeff(_ digits: some BidirectionalCollection<UInt8>) -> Bool {
        var check = 0
        for (index, digit) in digits.reversed().enumerated() {
            check = dihedral(check, permuted(Int(digit), times: index % 8))
        }
        return check == 0
    }

    /// Composition in the dihedral group of a pentagon: 0-4 are turns, 5-9 are reflections.
    private static func dihedral(_ left: Int, _ right: Int) -> Int {
        switch (left < 5, right < 5) {
        case (true, true): (left + right) % 5
        case (true, false): (left + right - 5) % 5 + 5
        case (false, true): (left - 5 - right + 5) % 5 + 5
        case (false, false): (left - right + 5) % 5
        }
    }

    private static func permuted(_ digit: Int, times: Int) -> Int {
        let permutation = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4]
        var value = digit
        for _ in 0..<times { value = permutation[value] }
        return value
    }

    /// ISO/IEC 7064 MOD 11,10, which German tax numbers and VAT numbers end with.
    static func mod11And10(_ digits: some BidirectionalCollection<UInt8>) -> Bool {
        var product = 10
        for digit in digits.dropLast() {
            var sum = (Int(digit) + product) % 10
            if sum == 0 { sum = 10 }
            product = sum * 2 % 11
        }
        return digits.last.map { (11 - product) % 10 == Int($0) } ?? false
    }

    /// ISO 13616: letters are numbers from 10, the first four characters come last, and the rest of 97 is 1.
    static func mod97(_ characters: [UInt8]) -> Bool {
        guard characters.count > 4 else { return false }
        var rest = 0
        for unit in characters[4...] + characters[..<4] {
            if UnitClass.isDigit(unit) {
                rest = (rest * 10 + Int(unit - 0x30)) % 97
            } else if UnitClass.isLetter(unit) {
                rest = (rest * 100 + Int((unit | 0x20) - 0x61) + 10) % 97
            } else {
                return false
            }
        }
        return rest == 1
    }
}
