import Guardrails

extension OutputRules {
    /// What comes out of a text that is fed in pieces of so many bytes, and what was found in it.
    func filtered(_ text: String, by size: Int = .max) -> (text: String, findings: [OutputFinding]) {
        var filter = TextFilter(self)
        var output: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            filter.feed(rest.prefix(size), into: &output)
            rest = rest.dropFirst(size)
        }
        filter.finish(into: &output)
        return (String(decoding: output, as: UTF8.self), filter.takeFindings())
    }
}
