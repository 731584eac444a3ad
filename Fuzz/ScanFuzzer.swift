// A libFuzzer target over the scanners of pickles and of zip archives, which `scripts/fuzz` builds together with them.
//
// The first byte of the input picks the scanner; the rest is the file. Whatever it is, the scan ends within its limits,
// and scanning it again says the same.

/// What libFuzzer calls with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    guard let first = bytes.first else { return 0 }
    let file = Array(bytes.dropFirst())
    let scanners: [any FormatScanner.Type] = [
        PickleScanner.self, ZipScanner.self, NpyScanner.self, CompressedScanner.self,
    ]
    func scan() -> [ScanFinding] {
        // Less than in a real scan, so that no input takes long.
        let context = ScanContext(scanners: scanners, budget: ScanBudget(expansion: 1 << 22, steps: 50_000))
        let input = ScanInput(path: "a", bytes: file)
        if first & 1 == 0 {
            context.scan(input)
        } else {
            context.scan(input, as: scanners[Int(first >> 1) % scanners.count])
        }
        return context.findings
    }
    guard scan() == scan() else { fatalError("two scans of one file differ") }
    return 0
}
