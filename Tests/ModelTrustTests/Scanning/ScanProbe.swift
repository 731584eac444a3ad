import Foundation

@testable import ModelTrust

/// Scans bytes as the engine does, for tests.
enum ScanProbe {
    /// What a scan of some bytes says.
    static func verdict(_ bytes: [UInt8], path: String = "artifact") -> ScanVerdict {
        scan(bytes, path: path).verdict
    }

    /// What a scan of a text says.
    static func verdict(_ text: String) -> ScanVerdict { verdict(Array(text.utf8)) }

    /// A scan of some bytes.
    static func scan(_ bytes: [UInt8], path: String = "artifact") -> ScanContext {
        let context = ScanContext()
        context.scan(ScanInput(path: path, bytes: bytes))
        return context
    }

    /// The rules that a scan of some bytes names.
    static func rules(_ bytes: [UInt8]) -> Set<String> { Set(scan(bytes).findings.map(\.rule)) }

    /// Changes bytes at random, from a seed, and hands each change to a function.
    ///
    /// `LAPWING_SCALE` multiplies how many.
    static func mutate(_ original: [UInt8], rounds: Int = 300, seed: UInt64, _ body: ([UInt8]) -> Void) {
        let scale = max(1, Int(ProcessInfo.processInfo.environment["LAPWING_SCALE"] ?? "") ?? 1)
        var random = SplitMix(state: seed)
        for _ in 0..<(rounds * scale) {
            var bytes = original
            for _ in 0...Int.random(in: 0..<4, using: &random) where !bytes.isEmpty {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<5, using: &random) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
                case 2: bytes.remove(at: place)
                case 3:
                    bytes.insert([0x00, 0x7F, 0xFF, 0x80, 0x7B, 0x22].randomElement(using: &random) ?? 0, at: place)
                default: bytes.removeSubrange(place...)
                }
            }
            body(bytes)
        }
    }
}

/// Numbers that are the same on every run.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}

extension [UInt8] {
    /// A number, the least significant byte first.
    static func little(_ value: some FixedWidthInteger) -> [UInt8] {
        (0..<(value.bitWidth / 8)).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    }
}
