import ArgumentParser
import AuditLog
import Authorization
import Console
import Foundation
import Gateway
import Monitoring
import Resources
import ZeroTrust

/// Findings, the records that bear them out, their proofs, and the search.
extension ConsoleService {
    // MARK: - Findings

    func findings(all: Bool) -> FindingsPage {
        let found = process.monitor.findings.filter { all || $0.state.isActive }.sorted {
            ($0.state.isActive ? 1 : 0, $0.severity.rawValue, $0.updated.nanoseconds)
                > ($1.state.isActive ? 1 : 0, $1.severity.rawValue, $1.updated.nanoseconds)
        }
        return FindingsPage(found.map { FindingLine($0) }, hasAll: all)
    }

    /// The records of a finding that its page shows.
    private static let recordsShown = 25

    func findingPage(_ finding: Finding, _ viewer: Viewer) async -> FindingPage {
        var page = FindingPage(FindingLine(finding))
        let number = { (value: Double) -> String in
            guard value.isFinite, value.magnitude < 1e15, value == value.rounded() else { return String(value) }
            return String(Int(value))
        }
        page.facts = [
            ("Type", "\(finding.type.code), \(finding.type.name.replacing("_", with: " "))"),
            ("Subject", finding.subject),
        ]
        if !finding.object.isEmpty { page.facts.append(("Object", finding.object)) }
        if let usual = finding.measure.baseline {
            page.facts.append(("Usual", "\(number(usual)) \(finding.measure.unit)"))
        }
        page.facts += [
            ("Observed", "\(number(finding.measure.observed)) \(finding.measure.unit)"),
            ("Threshold", number(finding.measure.threshold)), ("Opened", TimeText.plain(finding.opened)),
            ("Last record", TimeText.plain(finding.updated)),
            ("Techniques", (finding.attack + finding.atlas).joined(separator: ", ")),
        ]
        switch finding.state {
        case .open: page.canAcknowledge = viewer.mayAcknowledge
        case .acknowledged(let actor, let time):
            page.facts.append(("Acknowledged", "by \(actor) at \(TimeText.plain(time))"))
        case .accepted(let actor, let time, let reason):
            page.facts.append(("Accepted", "by \(actor) at \(TimeText.plain(time)): \(reason)"))
        case .resolved(let actor, let time):
            page.facts.append(("Resolved", "by \(actor) at \(TimeText.plain(time))"))
        }
        page.members = finding.members
        page.furtherMembers = finding.memberCount - finding.members.count
        let others = finding.records.filter { $0.source != .lapwing }
        if !others.isEmpty {
            page.facts.append(("In other logs", others.map(\.description).joined(separator: "; ")))
        }
        guard viewer.mayReadRecords else { return page }
        let own = finding.records.filter { $0.source == .lapwing }
        let indices = own.flatMap(\.ranges).lazy.flatMap { $0 }.prefix(Self.recordsShown)
        let wanted = Set(indices)
        let directory = process.log.directory
        var found: [UInt64: LogReader.Entry] = [:]
        var problem = ""
        do {
            found = try await work.run { try LogReader(directory: directory).entries(at: wanted) }
        } catch {
            problem = "The records cannot be read: \(Self.words(error))"
        }
        let callees = Callees(process)
        page.records = found.sorted { $0.key < $1.key }.compactMap { RecordRow($0.value, callees) }
        page.note = problem
        page.isUnread = !problem.isEmpty
        let count = own.reduce(0) { $0 + $1.count }
        if problem.isEmpty, count > UInt64(Self.recordsShown) {
            page.note = "The first \(Self.recordsShown) of \(count); lapwing alert show \(finding.id) names all ranges."
        }
        return page
    }

    // MARK: - Records

    func records(_ path: ConsolePath, _ frame: Frame) async -> ConsoleResponse {
        switch path {
        case .audit(let query, let behind):
            return ConsoleResponse(await audit(query, behind: behind, frame.now).page(frame))
        case .proof(let entry):
            do {
                let directory = process.log.directory
                let bytes = try await work.run { try LogReader(directory: directory).proof(of: entry).bytes }
                return ConsoleResponse(file: "\(process.settings.node.value)-\(entry).tlog-proof", bytes: bytes)
            } catch is ConsoleWork.Busy {
                return Self.busy
            } catch {
                return Self.message(
                    409,
                    "Not yet",
                    ["There is no proof of entry \(entry) yet: \(Self.words(error)). It is signed within a second."]
                )
            }
        case .record(let text):
            guard let id = RequestID(text) else { return Self.nothing(text) }
            do {
                let directory = process.log.directory
                let entries = try await work.run { try LogReader(directory: directory).find(id) }
                guard !entries.isEmpty else { return Self.nothing(text) }
                return ConsoleResponse(recordPage(id, entries).page(frame))
            } catch is ConsoleWork.Busy {
                return Self.busy
            } catch {
                return Self.message(500, "The log cannot be read", ["\(Self.words(error))"])
            }
        default: return Self.nothing(path.text)
        }
    }

    private func recordPage(_ id: RequestID, _ entries: [LogReader.Entry]) -> RecordPage {
        var page = RecordPage(id: id.description)
        let callees = Callees(process)
        for entry in entries {
            let record = try? entry.record()
            page.entries.append(
                RecordPage.Entry(
                    index: entry.index,
                    kind: record?.kind ?? "entry of another kind",
                    text: Self.readable(entry.bytes),
                    isCovered: entry.isCovered
                )
            )
            switch record {
            case .decision(let decision):
                page.line = RecordRow(entry, callees)
                page.facts = Self.facts(decision)
                explain(decision, callees, &page)
            case .completion(let completion):
                let status = completion.status.map { "\($0), " } ?? ""
                page.facts.append(
                    (
                        "Ended",
                        "\(status)\(completion.ending.rawValue.replacing("_", with: " ")) after "
                            + "\(completion.timings.total / 1000) µs, \(Count.text(completion.bytesSent)) bytes sent"
                    )
                )
                if let rule = completion.guardrail?.rule { page.facts.append(("In the answer", rule)) }
            case .act(let act):
                if page.line == nil { page.line = RecordRow(entry, callees) }
                page.facts += [("By", act.actor), ("Subject", act.subject), ("At", act.time.description)]
                if let reason = act.reason { page.facts.append(("Grounds", reason)) }
            default: break
            }
        }
        return page
    }

    private static func facts(_ record: DecisionRecord) -> [(name: String, value: String)] {
        var facts: [(name: String, value: String)] = [
            ("At", record.time.description),
            ("Caller", record.caller?.spiffeID.description ?? "no identity, from \(record.source.address)"),
            ("Over", record.tls.map { "\($0.version), \($0.cipher)" } ?? "plaintext"),
            ("Asked", "\(record.request.method) \(record.request.path)"), ("Host", record.request.authority),
            ("Grounds", record.reason.replacing("_", with: " ")),
        ]
        if let model = record.model { facts.append(("Model", model)) }
        if let digest = record.caller?.modelDigest {
            facts.append(("Caller's model", "\(digest), signed by \(record.caller?.modelSigner ?? "nobody")"))
        }
        if let guardrail = record.guardrail {
            facts.append(("Guardrail", [guardrail.name, guardrail.rule].compactMap(\.self).joined(separator: ": ")))
        }
        return facts
    }

    /// The rule that decided as it stands now, and what the policies in force say.
    private func explain(_ record: DecisionRecord, _ callees: Callees, _ page: inout RecordPage) {
        let configuration = configuration
        if let policy = record.policy {
            page.rule = rule(policy.namespace, policy.name, policy.rule, configuration)
            if page.rule == nil {
                page.note =
                    "Rule \(policy.rule) of \(policy.namespace)/\(policy.name), which decided at "
                    + "\(policy.file):\(policy.line), is not there any more."
            }
        }
        let name = callees.gateways[callees.callee(of: record)] ?? configuration.gateways.first?.name
        guard let gateway = configuration.gateways.first(where: { $0.name == name }),
            let engine = try? configuration.engine(for: gateway)
        else { return }
        do {
            let decision = try RecordedDecision(record, configuration, engine)
            page.explanation = decision.explanation.description
            page.note = ([page.note] + decision.notes).filter { !$0.isEmpty }.joined(separator: " ")
        } catch {
            page.note = [page.note, Self.words(error)].filter { !$0.isEmpty }.joined(separator: " ")
        }
        if record.snapshot != configuration.digest, page.rule != nil {
            page.note +=
                (page.note.isEmpty ? "" : " ")
                + "The configuration has changed since (\(record.snapshot.prefix(12))); the rule is shown as it is now."
        }
    }

    /// A rule of a configuration, as it stands in its file.
    func rule(_ namespace: String, _ name: String, _ rule: Int, _ configuration: Configuration) -> RuleText? {
        guard
            let policy = configuration.policies.policies.first(where: { $0.namespace == namespace && $0.name == name }),
            policy.rules.indices.contains(rule)
        else { return nil }
        let place = policy.rules[rule].location
        let source = configuration.sources.first { $0.file == place.file }
        let text = source.map { String(decoding: $0.bytes, as: UTF8.self) } ?? ""
        return RuleText(
            policy: "\(namespace)/\(name)",
            rule: rule,
            place: "\(place.file):\(place.line)",
            first: place.line,
            lines: RuleText.block(in: text, from: place.line)
        )
    }

    /// A record as JSON over several lines; what is no JSON, as it is.
    private static func readable(_ bytes: [UInt8]) -> String {
        guard let object = try? JSONSerialization.jsonObject(with: Data(bytes)),
            let text = try? JSONSerialization.data(
                withJSONObject: object,
                options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            )
        else { return String(decoding: bytes, as: UTF8.self) }
        return String(decoding: text, as: UTF8.self)
    }

    private func audit(_ query: String, behind: UInt64?, _ now: Timestamp) async -> AuditPage {
        var page = AuditPage(query: query)
        page.fields = RecordField.allCases.map(\.rawValue)
        let sought: RecordQuery
        do {
            sought = try RecordQuery(terms: query.split(separator: " ").map(String.init), now: now)
        } catch {
            page.problem = error.message
            return page
        }
        do {
            let found = try await search.find(sought, SearchPage(limit: 50, behind: behind))
            let callees = Callees(process)
            page.rows = found.result.matches.compactMap { RecordRow($0.entry, callees) }
            page.next = found.result.next
            page.progress = found.progress
        } catch {
            page.problem = "The search cannot be done: \(Self.words(error))"
        }
        return page
    }

    // MARK: - Policies

    func policies(_ request: ConsoleRequest) -> PoliciesPage {
        let configuration = configuration
        var page = PoliciesPage()
        page.digest = configuration.digest
        page.gateways = configuration.gateways.map { gateway in
            let id = try? gateway.identity(in: process.settings.trustDomain.value).description
            return (gateway.name, id ?? gateway.name, isDefaultDeny(gateway))
        }
        page.rows = configuration.policies.policies.map { policy in
            PoliciesPage.Row(
                namespace: policy.namespace,
                name: policy.name,
                kind: "AuthorizationPolicy",
                action: policy.action.rawValue,
                isDryRun: policy.isDryRun,
                rules: policy.rules.count,
                gateways: holders(policy, configuration),
                place: shortPlace("\(policy.location.file):\(policy.location.line)")
            )
        }
        page.rows += configuration.policies.peerAuthentications.map { policy in
            PoliciesPage.Row(
                namespace: policy.namespace,
                name: policy.name,
                kind: "PeerAuthentication",
                action: policy.mode?.rawValue ?? "UNSET",
                isDryRun: false,
                rules: policy.ports.count,
                gateways: configuration.gateways.filter {
                    policy.applies(to: $0.workload, rootNamespace: PolicyEngine.Options().rootNamespace)
                }.map(\.name),
                place: shortPlace("\(policy.location.file):\(policy.location.line)")
            )
        }
        page.rows += configuration.policies.requestAuthentications.map { policy in
            PoliciesPage.Row(
                namespace: policy.namespace,
                name: policy.name,
                kind: "RequestAuthentication",
                action: "TOKENS",
                isDryRun: false,
                rules: policy.rules.count,
                gateways: configuration.gateways.filter {
                    policy.applies(to: $0.workload, rootNamespace: PolicyEngine.Options().rootNamespace)
                }.map(\.name),
                place: shortPlace("\(policy.location.file):\(policy.location.line)")
            )
        }
        page.question.gateway = request.query["gateway"] ?? configuration.gateways.first?.name ?? ""
        page.question.from = request.query["from"] ?? ""
        page.question.method = request.query["method"] ?? "POST"
        page.question.url = request.query["url"] ?? ""
        if !page.question.url.isEmpty { answer(&page, configuration) }
        return page
    }

    private func answer(_ page: inout PoliciesPage, _ configuration: Configuration) {
        let question = page.question
        do {
            let gateway = try configuration.gateway(named: question.gateway)
            // A value after `=` is never read as another option.
            let form = try HypotheticalRequest.parse(question.from.isEmpty ? [] : ["--from=" + question.from])
            let attributes = try form.attributes(method: question.method, url: question.url, to: gateway)
            let explanation = try configuration.engine(for: gateway).explain(attributes)
            page.answer = (explanation.outcome == .allow, explanation.description)
        } catch {
            page.problem = Self.words(error)
        }
    }

    private func holders(_ policy: AuthorizationPolicy, _ configuration: Configuration) -> [String] {
        configuration.gateways.filter {
            policy.applies(to: $0.workload, rootNamespace: PolicyEngine.Options().rootNamespace)
        }.map(\.name)
    }

    func policy(_ namespace: String, _ name: String) -> PolicyPage? {
        let configuration = configuration
        guard
            let policy = configuration.policies.policies.first(where: { $0.namespace == namespace && $0.name == name })
        else { return nil }
        return PolicyPage(
            policy: "\(namespace)/\(name)",
            action: policy.action.rawValue + (policy.isDryRun ? ", on trial" : ""),
            place: "\(policy.location.file):\(policy.location.line)",
            gateways: holders(policy, configuration),
            rules: policy.rules.indices.compactMap { rule(namespace, name, $0, configuration) }
        )
    }
}

extension FindingLine {
    /// A finding of the monitor in a list.
    init(_ finding: Finding) {
        self.init(
            id: finding.id,
            severity: finding.severity.name,
            weight: finding.severity >= .high ? .bad : finding.severity == .medium ? .warn : .plain,
            state: finding.state.name,
            cause: finding.cause,
            subject: finding.subject,
            records: finding.recordCount,
            updated: finding.updated
        )
    }
}

extension RecordRow {
    /// An entry of the log in a list; nil for the end of a request, which its decision stands for.
    init?(_ entry: LogReader.Entry, _ callees: Callees) {
        guard let record = try? entry.record() else { return nil }
        switch record {
        case .decision(let decision): self.init(Sighting(decision, entry: entry.index, callees))
        case .completion: return nil
        case .refusals(let refusals):
            self.init(
                entry: entry.index,
                id: refusals.id.description,
                time: refusals.second,
                caller: refusals.source?.description ?? "many addresses",
                callee: "",
                asked: refusals.count == 1 ? "1 connection" : "\(refusals.count) connections",
                outcome: "deny",
                reason: refusals.reason
            )
        case .act(let act):
            self.init(
                entry: entry.index,
                id: act.id.description,
                time: act.time,
                caller: act.actor,
                callee: act.subject,
                asked: act.action,
                outcome: act.outcome.rawValue,
                reason: act.reason ?? ""
            )
        case .bodies(let bodies):
            self.init(
                entry: entry.index,
                id: bodies.id.description,
                time: bodies.time,
                caller: bodies.tenant,
                callee: "",
                asked: "bodies, sealed",
                outcome: "allow",
                reason: ""
            )
        case .sampling(let sampling):
            self.init(
                entry: entry.index,
                id: sampling.id.description,
                time: sampling.time,
                caller: sampling.tenant,
                callee: "",
                asked: "\(sampling.count) bodies not kept",
                outcome: "allow",
                reason: "\(sampling.reason)"
            )
        }
    }
}

extension AuditRecord {
    /// What kind of record it is, in words.
    fileprivate var kind: String {
        switch self {
        case .decision: "decision"
        case .completion: "completion"
        case .refusals: "refused connections"
        case .act: "act"
        case .bodies: "sealed bodies"
        case .sampling: "bodies that were not kept"
        }
    }
}
