/// Judges the texts of a request for instructions that do not belong where they stand.
struct InjectionInspector: RequestInspector {
    /// The most findings that are told of.
    private static let mostFindings = 32

    private let policy: InjectionPolicy
    private let detector: InjectionDetector

    init(_ policy: InjectionPolicy) {
        self.policy = policy
        detector = InjectionDetector(policy: policy)
    }

    func inspect(_ request: ModelRequest) -> RequestInspection {
        let verdict = detector.judge(request.texts.map { LabelledText($0.text, channel: $0.channel) })
        var inspection = RequestInspection()
        guard verdict.outcome > .pass else { return inspection }
        inspection.findings = findings(verdict, in: request)
        if verdict.outcome == .block {
            inspection.refusal = Self.refusal(inspection.findings)
        } else if let sanitised = verdict.sanitised {
            for (text, clean) in zip(request.texts, sanitised) where text.text != clean.text {
                // A text with its length beside it cannot be made another.
                guard let value = text.value else {
                    inspection.refusal = Self.refusal(inspection.findings)
                    break
                }
                inspection.edits.append(BodyEdit(range: value.range, bytes: AnswerText.quoted(clean.text.utf8)))
            }
        }
        return inspection
    }

    /// The gravest first: by what is done, and then what decides by itself before what only adds.
    private func findings(_ verdict: InjectionVerdict, in request: ModelRequest) -> [RequestFinding] {
        let scores = Dictionary(verdict.scores.map { ($0.text, $0.score) }) { first, _ in first }
        func rank(_ finding: InjectionFinding) -> (Int, Int) {
            let action =
                switch policy.action(for: finding.channel) {
                case .block: 0
                case .sanitise: 1
                case .flag: 2
                case .shadow: 3
                }
            let isDecisive = finding.tier == .rules && Int(finding.score) >= InjectionRule.decisive
            return (action, isDecisive ? 0 : finding.tier == .classifier ? 1 : 2)
        }
        let ordered = verdict.findings.enumerated().sorted {
            let (left, right) = (rank($0.element), rank($1.element))
            return (left.0, left.1, $0.offset) < (right.0, right.1, $1.offset)
        }
        return ordered.prefix(Self.mostFindings).map { _, finding in
            let text = request.texts[finding.text]
            return RequestFinding(
                rule: "injection/\(finding.id)",
                action: policy.action(for: finding.channel),
                channel: finding.channel,
                path: text.path,
                range: text.bodyRange(of: finding.range),
                score: Int(scores[finding.text] ?? 0),
                threshold: finding.threshold.map(Int.init)
            )
        }
    }

    /// The client hears that it was, and where, and not by which rule: whoever tries sentences learns nothing of the next.
    private static func refusal(_ findings: [RequestFinding]) -> DialectRefusal {
        DialectRefusal(
            rule: "injection",
            path: findings.first?.path ?? "",
            range: findings.first?.range,
            message: "the request holds instructions that do not belong where they stand",
            findings: findings
        )
    }
}
