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
        var place = 0
        for digit in digits.reversed() {
            check = entry(dihedral, check * 10 + entry(permutations, place * 10 + Int(digit)))
            place = (place + 1) & 7
        }
        return check == 0
    }

    /// A digit of a table.
    @inline(__always)
    private static func entry(_ table: StaticString, _ place: Int) -> Int {
        precondition(place < table.utf8CodeUnitCount)
        // Sound: the place was just looked at, and the table is of ASCII.
        return Int(unsafe table.utf8Start[place]) - 0x30
    }

    /// Composition in the dihedral group of a pentagon, a row for each of ten: 0-4 are turns, 5-9 are reflections.
    private static var dihedral: StaticString {
        """
        01234567891234067895234017895634012895674012395678\
        59876043216598710432765982104387659321049876543210
        """
    }

    /// The permutation of digits, once for each of eight places more.
    private static var permutations: StaticString {
        """
        0123456789157628309458037961428916043527\
        9453126870428657390127938064157046913258
        """
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

    /// One more letter or digit of a number whose rest of 97 counts (ISO 13616): letters are numbers from 10, and what was
    /// read so far is made its rest only when it grows large.
    @inline(__always)
    static func mod97(_ number: Int, _ unit: UInt8) -> Int {
        let next =
            UnitClass.isDigit(unit) ? number * 10 + Int(unit - 0x30) : number * 100 + Int((unit | 0x20) - 0x61) + 10
        return next < 1 << 53 ? next : next % 97
    }
}
