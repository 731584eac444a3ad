/// Arrays of NumPy: a header, then elements as they lie in memory; or, of Python objects, a pickle.
enum NpyScanner: FormatScanner {
    static let format = "npy"

    /// How many bytes may be left over behind an array: too few for anything that loads.
    private static let remainder: UInt64 = 64

    static func recognises(_ input: ScanInput) throws(ScanStop) -> Bool {
        try input.head(NpyHeader.magic.count) == NpyHeader.magic
    }

    static func scan(_ input: ScanInput, _ context: ScanContext) throws(ScanStop) {
        try context.budget.step(64)
        let header = try NpyHeader(input)
        let rest = input.size - header.dataStart
        if header.type.holdsObjects {
            // NumPy itself loads this only where the caller asks for it by `allow_pickle=True`.
            let reader = PickleReader(input, at: header.dataStart)
            let end = try PickleScanner.scan(reader, loader: .plain, context).reader
            guard end.remaining == 0 else {
                throw ScanStop(
                    rule: "trailing-bytes",
                    offset: end.offset,
                    message: "\(end.remaining) bytes follow the array"
                )
            }
            return
        }
        guard let count = header.type.bytes(shape: header.shape), count <= rest else {
            throw ScanStop(
                rule: "npy-size",
                offset: header.dataStart,
                message: "the array has \(rest) bytes, which is not what its shape and type say"
            )
        }
        guard count < rest else { return }
        let end = header.dataStart + count
        let after = try input.member("after the array", at: end, count: rest - count)
        // NumPy stops at the end of the array. Who calls it again reads on, and finds nothing where this is no format.
        if after.size <= Self.remainder, try !context.isKnown(after) {
            return try context.add(
                ScanFinding(
                    rule: "npy-size",
                    verdict: .proven,
                    path: input.path,
                    offset: end,
                    message: "\(after.size) bytes are left over that no reader makes anything of"
                )
            )
        }
        context.scan(after)
        throw ScanStop(rule: "trailing-bytes", offset: end, message: "\(rest - count) bytes follow the array")
    }
}
