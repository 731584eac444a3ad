/// Reads one format of the many that a model may come in.
///
/// A scanner parses and never loads. It accounts for every byte of its input: what is left over, in front or between is
/// a finding. It throws ``ScanStop`` where it cannot go on, which makes the artifact not proven at least.
protocol FormatScanner: Sendable {
    /// The format's name, as a report says it: `safetensors`.
    static var format: String { get }

    /// By what the format is recognised.
    static var basis: RecognitionBasis { get }

    /// Whether this input is of the format, judged by its content and never by its name.
    static func recognises(_ input: ScanInput) throws(ScanStop) -> Bool

    /// Scans the input, and adds to the context what it finds.
    static func scan(_ input: ScanInput, _ context: ScanContext) throws(ScanStop)
}

extension FormatScanner {
    static var basis: RecognitionBasis { .signature }
}

/// By what a format is recognised.
enum RecognitionBasis: Sendable {
    /// By bytes that files of other formats do not have: its magic, or a structure that holds together. An input that two
    /// such formats recognise is not proven, since two loaders would see two models; both of them scan it.
    case signature
    /// By being text that parses. Asked in order where no signature was seen; the first that recognises the input scans it.
    case guess
}
