/// What the scanners of one artifact share: the findings so far, and what the scan may still cost.
final class ScanContext {
    /// The findings, in the order in which they were made.
    private(set) var findings: [ScanFinding] = []
    /// The formats that were recognised, by path.
    private(set) var formats: [(path: String, format: String)] = []
    /// The files beside the artifact that it names as its own raw data: `weights.bin` of an ONNX model.
    ///
    /// Such a file need not be of a known format. It is scanned all the same, since another loader may open it.
    private(set) var claims: Set<String> = []
    /// What is left.
    var budget: ScanBudget
    /// How often a limit has stopped something.
    private var limits = 0
    /// How deep containers lie within one another where the scan is now.
    private var depth = 0
    private let scanners: [any FormatScanner.Type]
    /// What it costs to tell the format of a member, in steps.
    static let member = 320
    private static let emptyMember = 32

    init(scanners: [any FormatScanner.Type] = ScanFormats.all, budget: ScanBudget = ScanBudget()) {
        self.scanners = scanners
        self.budget = budget
    }

    /// Adds a finding.
    func add(_ finding: ScanFinding) throws(ScanStop) {
        guard hasRoom(for: finding.verdict) else { throw Self.tooManyFindings }
        findings.append(finding)
    }

    /// Adds a finding at a place of a file; of what is named there the beginning is told.
    func find(
        _ rule: String,
        _ verdict: ScanVerdict,
        in path: String,
        at offset: UInt64?,
        _ element: String?,
        _ message: String
    ) throws(ScanStop) {
        try add(
            ScanFinding(
                rule: rule,
                verdict: verdict,
                path: path,
                offset: offset,
                element: element.map { String($0.prefix(200)) },
                message: message
            )
        )
    }

    /// Notes what a container turned out to be: `pytorch` of a zip.
    func recognise(_ input: ScanInput, as format: String) {
        formats.append((input.path, format))
    }

    /// Notes that a file beside the artifact is raw data of it; the name is relative to the artifact's folder.
    func claim(_ name: String) {
        claims.insert(name)
    }

    /// Scans a member of a container, or a whole artifact: finds its format by its content, and never throws, since what
    /// stops is itself a finding.
    func scan(_ input: ScanInput) {
        within(input) { () throws(ScanStop) in
            if self.depth == 1 {
                // What is small cannot make a long scan.
                let (most, overflows) = input.size.multipliedReportingOverflow(by: 3 * Expansion.ratio)
                self.budget.expansion = min(self.budget.expansion, overflows ? .max : max(most, most &+ 8 << 20))
                self.budget.limit(toFileOf: input.size)
            }
            if input.size == 0, EmptyFile.mayBe(input.name) {
                try self.budget.step(Self.emptyMember)
                return self.recognise(input, as: EmptyFile.format)
            }
            // Every scanner looks at it, however short it is.
            try self.budget.step(Self.member)
            try self.budget.read(text: 0)
            var recognised: [any FormatScanner.Type] = []
            for scanner in self.scanners {
                if scanner.basis == .guess, !recognised.isEmpty { continue }
                if try scanner.recognises(input) { recognised.append(scanner) }
            }
            guard !recognised.isEmpty else {
                if input.size > PlainText.longest, try PlainText.head(input) != nil {
                    throw ScanStop(
                        rule: "limit-text",
                        message:
                            "it begins as text, of which at most \(PlainText.longest >> 20) MiB are looked through; "
                            + "split it, or keep data apart from the model"
                    )
                }
                throw ScanStop(
                    rule: "unknown-format",
                    message:
                        "its format is not one that can be proven; take the model in one of plain data: safetensors, "
                        + "GGUF or ONNX"
                )
            }
            if recognised.count > 1 {
                let names = recognised.map { $0.format }.joined(separator: " and as ")
                try self.add(
                    ScanFinding(
                        rule: "polyglot",
                        verdict: .notProven,
                        path: input.path,
                        message: "it can be read as \(names): two loaders would see two models"
                    )
                )
            }
            // Guesses look at all of it, and not at its beginning alone.
            if recognised.allSatisfy({ $0.basis == .guess }) {
                try self.budget.step(Int(min(UInt64(Self.member), 32 + input.size / 16)))
            }
            if case .text(let text) = input.text { try self.budget.read(text: text.bytes.count) }
            for scanner in recognised { self.scan(input, as: scanner) }
            if recognised.allSatisfy({ $0.basis == .guess }), input.role == nil, ScriptNames.isScript(input.name) {
                try self.add(
                    ScanFinding(
                        rule: "script-name",
                        verdict: .notProven,
                        path: input.path,
                        message:
                            "by its name, programs take it for code; a model needs none, so leave it out or rename it"
                    )
                )
            }
        }
    }

    /// Whether an input is of a format that is recognised by signature.
    func isKnown(_ input: ScanInput) throws(ScanStop) -> Bool {
        for scanner in scanners where scanner.basis == .signature {
            if try scanner.recognises(input) { return true }
        }
        return false
    }

    /// Whether any scanner takes an input for its format, be it by a guess.
    func isAnything(_ input: ScanInput) throws(ScanStop) -> Bool {
        for scanner in scanners { if try scanner.recognises(input) { return true } }
        return false
    }

    /// Scans an input whose format its container has settled; what stops is a finding.
    func scan(_ input: ScanInput, as scanner: any FormatScanner.Type) {
        formats.append((input.path, scanner.format))
        collect(input) { () throws(ScanStop) in try scanner.scan(input, self) }
    }

    /// One container deeper, does some work on an input; what stops it is a finding.
    func within(_ input: ScanInput, _ body: () throws(ScanStop) -> Void) {
        depth += 1
        defer { depth -= 1 }
        collect(input) { () throws(ScanStop) in
            guard self.depth <= ScanBudget.depth else {
                throw ScanStop(
                    rule: "limit-depth",
                    message: "containers lie more than \(ScanBudget.depth) deep in one another"
                )
            }
            try body()
        }
    }

    /// The worst that was found.
    var verdict: ScanVerdict { findings.map(\.verdict).max() ?? .proven }

    private func collect(_ input: ScanInput, _ body: () throws(ScanStop) -> Void) {
        do throws(ScanStop) {
            try body()
        } catch {
            note(error, input)
        }
    }

    /// Adds a finding of what stopped the scan of an input; never throws, and so says itself where there are too many.
    private func note(_ stop: ScanStop, _ input: ScanInput) {
        if stop.rule.hasPrefix("limit-") {
            // What one member took is missing for each that follows.
            limits += 1
            guard limits <= ScanBudget.limitFindings else { return }
        } else if !hasRoom(for: stop.verdict) {
            return note(Self.tooManyFindings, input)
        }
        findings.append(
            ScanFinding(
                rule: stop.rule,
                verdict: max(stop.verdict, .notProven),
                path: input.path,
                offset: stop.offset,
                element: stop.element,
                message: stop.message
            )
        )
    }

    /// Whether another finding is kept; the first that are unsafe are, however many others there are.
    private func hasRoom(for verdict: ScanVerdict) -> Bool {
        findings.count < ScanBudget.findings + (verdict == .unsafe ? 2 * ScanBudget.limitFindings : 0)
    }

    private static let tooManyFindings = ScanStop(
        rule: "limit-findings",
        message: "there are more than \(ScanBudget.findings) findings"
    )
}
