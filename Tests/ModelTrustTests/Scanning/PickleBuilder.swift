@testable import ModelTrust

/// Writes pickles opcode by opcode.
struct PickleBuilder {
    private(set) var bytes: [UInt8] = []

    init(protocol number: UInt8? = 4) {
        if let number { bytes = [0x80, number] }
    }

    /// Adds opcodes without an argument.
    func op(_ opcodes: PickleOpcode...) -> PickleBuilder {
        raw(opcodes.map(\.rawValue))
    }

    func raw(_ more: [UInt8]) -> PickleBuilder {
        var copy = self
        copy.bytes += more
        return copy
    }

    func text(_ text: String) -> PickleBuilder {
        raw([PickleOpcode.shortBinUnicode.rawValue, UInt8(text.utf8.count)] + Array(text.utf8))
    }

    func small(_ number: UInt8) -> PickleBuilder {
        raw([PickleOpcode.binInt1.rawValue, number])
    }

    func global(_ module: String, _ name: String) -> PickleBuilder {
        raw([PickleOpcode.global.rawValue] + Array("\(module)\n\(name)\n".utf8))
    }

    /// STOP, and all of it.
    var done: [UInt8] { bytes + [PickleOpcode.stop.rawValue] }

    /// `os.system('id')`.
    static let command = PickleBuilder(protocol: 2).global("posix", "system").text("id").op(.tuple1, .reduce).done

    /// A dictionary that nobody minds.
    static let plain = PickleBuilder().op(.emptyDict).text("a").small(1).op(.setItem).done
}

/// Scans bytes as a file of that name.
func scanned(_ bytes: [UInt8], path: String = "model") -> ScanContext {
    let context = ScanContext()
    context.scan(ScanInput(path: path, bytes: bytes))
    return context
}
