/// One compressed stream around something else, as joblib and `numpy.savez` leave them: gzip, bzip2, xz, LZMA and zlib.
enum CompressedScanner: FormatScanner {
    static let format = "compressed"

    static func recognises(_ input: ScanInput) throws(ScanStop) -> Bool {
        guard let format = CompressionFormat.recognise(try input.head(6)) else { return false }
        guard format == .zlib || format == .lzma else { return true }
        // Two bytes are no magic: the stream has to begin to expand.
        do throws(ScanStop) {
            return try !ExpandedStream(input, format).next(64).isEmpty
        } catch {
            return error.rule.hasPrefix("limit-")
        }
    }

    static func scan(_ input: ScanInput, _ context: ScanContext) throws(ScanStop) {
        guard let format = CompressionFormat.recognise(try input.head(6)) else { return }
        let path = input.path + "!/\(format.rawValue)"
        let (expanded, _, consumed) = try Expansion.expand(input, format, path: path, context)
        context.scan(expanded)
        guard consumed == input.size else {
            throw ScanStop(
                rule: "trailing-bytes",
                offset: consumed,
                message: "\(input.size - consumed) bytes follow the end of the \(format.rawValue) stream"
            )
        }
    }
}
