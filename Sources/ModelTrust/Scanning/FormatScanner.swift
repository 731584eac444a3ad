/// Reads one format of the many that a model may come in.
///
/// A scanner parses and never loads. It accounts for every byte of its input: what is left over, in front or between is
/// a finding. It throws ``ScanStop`` where it cannot go on, which makes the artifact not proven at least.
protocol FormatScanner: Sendable {
    /// The format's name, as a report says it: `safetensors`.
    static var format: String { get }

    /// Whether this input is of the format, judged by its content and never by its name.
    static func recognises(_ input: ScanInput) throws(ScanStop) -> Bool

    /// Scans the input, and adds to the context what it finds.
    static func scan(_ input: ScanInput, _ context: ScanContext) throws(ScanStop)
}
