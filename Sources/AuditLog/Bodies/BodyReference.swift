/// Where a sealed body stands: `TENANT/DATE.KEY.bodies@OFFSET+LENGTH`, below the vault's directory.
struct BodyReference: Hashable, CustomStringConvertible {
    let file: String
    let offset: Int
    let length: Int

    init(file: String, offset: Int, length: Int) {
        self.file = file
        self.offset = offset
        self.length = length
    }

    /// Reads a reference; nil for anything else, and for a file that is not one of a vault.
    init?(_ text: String) {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        let numbers = parts[1].split(separator: "+", omittingEmptySubsequences: false).compactMap { Int($0) }
        let names = parts[0].split(separator: "/", omittingEmptySubsequences: false)
        guard numbers.count == 2, numbers[0] >= 0, numbers[1] >= 0, numbers[1] <= 64 << 20, names.count == 2,
            BodyVault.isTenant(String(names[0])), names[1].hasSuffix(".bodies"),
            names[1].utf8.allSatisfy({ byte in
                byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-")
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                    || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
            }), !names[1].hasPrefix(".")
        else { return nil }
        self.init(file: String(parts[0]), offset: numbers[0], length: numbers[1])
    }

    /// The tenant.
    var tenant: String { String(file.prefix { $0 != "/" }) }

    /// The name of the day's key, below the vault's directory.
    var name: String { String(file.dropLast(".bodies".count)) }

    var description: String { "\(file)@\(offset)+\(length)" }
}
