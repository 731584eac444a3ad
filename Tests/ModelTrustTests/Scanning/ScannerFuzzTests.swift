import Foundation
import Testing

@testable import ModelTrust

/// Changes samples of every container at random; whatever comes out is scanned to an end.
///
/// `LAPWING_SCALE` multiplies how many.
@Suite struct ScannerFuzzTests {
    private static let scale = max(1, Int(ProcessInfo.processInfo.environment["LAPWING_SCALE"] ?? "") ?? 1)
    private static let trials = 1_500 * scale

    /// A generator that gives the same numbers for the same seed (SplitMix64).
    private struct Generator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
            return mixed ^ (mixed >> 31)
        }
    }

    private static let samples: [(String, [UInt8])] = [
        ("pickle", PickleBuilder.command),
        ("protocol 0", Array("(dp0\nVa\nI1\nsVb\n(lp1\nF1.5\naL10L\naS'x\\x41'\nas.".utf8)),
        ("tensor", ZipScannerTests.torch(ZipScannerTests.tensor(elements: 4))),
        ("zip", ZipBuilder(("a/b", PickleBuilder.plain), ("c.npy", ContainerScannerTests.array)).bytes),
        ("npy", ContainerScannerTests.array),
        ("tar", ContainerScannerTests.tar("a", PickleBuilder.plain) + Array(repeating: 0, count: 1024)),
        ("pax", ContainerScannerTests.tar("x", Array("12 path=a/b\n".utf8), type: "x")),
        ("zlib", ContainerScannerTests.zlib(PickleBuilder.plain + PickleBuilder.plain)),
        ("joblib", ContainerScannerTests.joblib(Array(repeating: 7, count: 16), then: PickleBuilder())),
        (
            "legacy",
            [0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e]
                + [0x80, 2, 0x4d, 0xe9, 3, 0x2e, 0x80, 2, 0x7d, 0x2e] + PickleBuilder.plain + [0x80, 2, 0x5d, 0x2e]
        ),
    ]

    @Test func `whatever is changed, a scan ends within its limits and says what it saw`() {
        var generator = Generator(state: 20_261_125)
        for (name, sample) in Self.samples {
            for trial in 0..<Self.trials {
                let bytes = Self.change(sample, &generator)
                let context = ScanContext()
                context.scan(ScanInput(path: name, bytes: bytes))
                // Fewer than this would be proven by no scanner at all.
                #expect(!context.formats.isEmpty || context.verdict != .proven, "\(name), trial \(trial)")
                #expect(context.findings.count <= ScanBudget.findings + 100)
                #expect(context.findings.allSatisfy { $0.path.hasPrefix(name) })
            }
        }
    }

    /// What still calls `posix.system` by the same bytes, wherever it stands, is never proven.
    @Test func `no wrapping makes a command proven`() {
        var generator = Generator(state: 7)
        for _ in 0..<Self.trials {
            var bytes = PickleBuilder.command
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let front = Int.random(in: 0..<6, using: &generator)
                switch front {
                case 0: bytes = ZipBuilder(("a", bytes)).bytes
                case 1: bytes = ContainerScannerTests.tar("a", bytes) + Array(repeating: 0, count: 1024)
                case 2: bytes = ContainerScannerTests.zlib(bytes)
                case 3: bytes = PickleBuilder.plain + bytes
                case 4: bytes += PickleBuilder.plain
                default: bytes = ZipBuilder(("m/data.pkl", bytes), ("m/version", [0x33])).bytes
                }
            }
            let context = scanned(bytes)
            #expect(context.verdict != .proven)
        }
    }

    private static func change(_ sample: [UInt8], _ generator: inout Generator) -> [UInt8] {
        var bytes = sample
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
            guard !bytes.isEmpty else { return bytes }
            let place = Int.random(in: 0..<bytes.count, using: &generator)
            switch Int.random(in: 0..<6, using: &generator) {
            case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
            case 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            case 2: bytes.remove(at: place)
            case 3: bytes.insert(UInt8.random(in: 0...255, using: &generator), at: place)
            case 4: bytes.removeLast(min(bytes.count, Int.random(in: 0...32, using: &generator)))
            default:
                // Lengths and offsets at their edges.
                for index in place..<min(place + 8, bytes.count) {
                    bytes[index] = Bool.random(using: &generator) ? 0xff : 0
                }
            }
        }
        return bytes
    }
}
