import ArgumentParser
import Authorization
import Foundation
import Resources
import SPIFFE
import ZeroTrust

/// `lapwing policy reach`.
struct PolicyReachCommand: FindingCommand {
    static let configuration = CommandConfiguration(
        commandName: "reach",
        abstract: "Say exactly who can reach a workload and how, or check sentences about it.",
        usage: """
            lapwing policy reach [--to GATEWAY] [--from SPIFFE-ID] [-o table|json|svg]
            lapwing policy reach --assert FILE
            lapwing policy reach POLICY-FILE … --namespace NAME --label KEY=VALUE
            """,
        discussion: """
            The answer is computed, not sampled: every allowed request is in one of its lines, and each line has a \
            request that shows it. With --assert, exits with 0 where every assertion holds and with 1 where one does \
            not, or cannot be decided within the limits.
            """
    )

    enum Callers: String, ExpressibleByArgument, CaseIterable {
        case spiffe
        case named
        case anyone
    }

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case table
        case json
        case svg
    }

    @OptionGroup var subject: PolicySubjectOptions

    @Option(help: "Only the workload behind this gateway.")
    var to: String?

    @Option(help: "Only this caller, a SPIFFE ID.")
    var from: String?

    @Option(
        name: .customLong("assert"),
        help: "A file of `ReachAssertions` to check; may be repeated.",
        completion: .file()
    )
    var assertions: [String] = []

    @Option(
        help: "Which callers there can be: spiffe (as Lapwing's listeners let in), named, or anyone (as Envoy may)."
    )
    var callers: Callers?

    @Option(help: "The most states of one automaton; where more were needed the answer is unknown.")
    var maximumStates = ReachLimits().states

    @Option(help: "The most regions of one answer.")
    var maximumRegions = ReachLimits().regions

    @Option(name: .shortAndLong, help: "Output: table, json or svg.")
    var output = Format.table

    func validate() throws {
        guard maximumStates > 0, maximumRegions > 0 else { throw ValidationError("the limits are above zero") }
        guard assertions.isEmpty || output != .svg else {
            throw ValidationError("assertions are not drawn; use table or json")
        }
    }

    func run() throws {
        let subjects = try subject.subjects(gateway: to)
        do {
            if assertions.isEmpty { try report(subjects) } else { try check(subjects) }
        } catch let error as ReachError {
            throw CommandError(.refused, error.message)
        }
    }

    private func reachability(_ subject: PolicySubject) throws -> Reachability {
        var options = Reachability.Options(
            normalization: subject.normalization,
            limits: ReachLimits(states: maximumStates, regions: maximumRegions),
            issuers: subject.issuers,
            offersTunnels: subject.offersTunnels
        )
        // Behind Lapwing, only SPIFFE IDs come, unless plaintext is let in; Istio's own semantics are asked about for Envoy,
        // which lets in any name.
        let isSPIFFE =
            !subject.letsInPlaintext && (subject.isGateway || subject.engine.options.compatibility == .strict)
        switch callers ?? (isSPIFFE ? .spiffe : .anyone) {
        case .spiffe: options.callers = .spiffe
        case .named: options.callers = .named
        case .anyone: options.callers = .anyone
        }
        if let port = subject.port {
            options.template.destination = Exchange.Endpoint(address: options.template.destination.address, port: port)
        }
        return try Reachability(subject.engine, options: options)
    }

    // MARK: - Who reaches what

    private struct Answer: Encodable {
        let workload: String
        let compatibility: String
        let allowed: [ReachableRequests]
    }

    private struct Document: Encodable {
        let version = 1
        let workloads: [Answer]
    }

    private func report(_ subjects: [PolicySubject]) throws {
        let caller = try from.map { try HypotheticalRequest.caller(named: $0).description }
        let answers = try subjects.map { subject in
            Answer(
                workload: subject.name,
                compatibility: subject.engine.options.compatibility.rawValue,
                allowed: try reachability(subject).allowed(from: caller)
            )
        }
        switch output {
        case .json: try StandardOutput.write(json: Document(workloads: answers))
        case .svg:
            StandardOutput.write(
                verbatim: ReachDrawing(answers.map { (workload: $0.workload, requests: $0.allowed) }).svg
            )
        case .table:
            for (index, answer) in answers.enumerated() {
                if index > 0 { StandardOutput.write("") }
                StandardOutput.write(Style.bold("\(answer.workload) (\(answer.compatibility))"))
                StandardOutput.write(answer.allowed.isEmpty ? "nobody reaches it" : table(answer.allowed))
                guard answer.allowed.contains(where: \.mayIncludeUnusualPaths) else { continue }
                StandardOutput.write(
                    "* and at most the same for spellings with `%`, `;` or `//`, which servers read differently"
                )
            }
        }
    }

    private func table(_ allowed: [ReachableRequests]) -> String {
        var table = TextTable("WHO", "METHODS", "PATHS", "ON CONDITION", "BY", "FOR EXAMPLE")
        for requests in allowed {
            table.add(
                requests.callers,
                requests.methods,
                requests.paths + (requests.mayIncludeUnusualPaths ? " *" : ""),
                requests.conditionText,
                requests.rule ?? "no ALLOW policy",
                requests.witness.description
            )
        }
        return table.render()
    }

    // MARK: - What has to hold

    private struct Result: Encodable {
        let workload: String
        let finding: ReachFinding
    }

    private struct Report: Encodable {
        let version = 1
        let results: [Result]
    }

    private func check(_ subjects: [PolicySubject]) throws {
        for file in assertions where !FileManager.default.fileExists(atPath: file) {
            throw CommandError(.usage, "there is no file `\(file)`; --assert takes one with `\(ReachAssertion.kind)`")
        }
        let documents = try assertions.flatMap { try ResourceLoader.load(path: $0).documents }
        let loaded = try ReachAssertion.load(documents)
        guard !loaded.isEmpty else {
            throw CommandError(.usage, "no `\(ReachAssertion.kind)` in \(assertions.joined(separator: ", "))")
        }
        var results: [Result] = []
        for assertion in loaded {
            let concerned = subjects.filter { assertion.gateway == nil || assertion.gateway == $0.name }
            guard !concerned.isEmpty || to != nil else {
                throw ResourceError(
                    at: assertion.location,
                    "there is no gateway `\(assertion.gateway ?? "")`; "
                        + suggestion(for: assertion.gateway ?? "", among: subjects.map(\.name))
                )
            }
        }
        for subject in subjects {
            let reach = try reachability(subject)
            for assertion in loaded where assertion.gateway == nil || assertion.gateway == subject.name {
                results.append(Result(workload: subject.name, finding: reach.check(assertion)))
            }
        }
        switch output {
        case .json: try StandardOutput.write(json: Report(results: results))
        case .table, .svg: for result in results { StandardOutput.write(text(result)) }
        }
        let failed = results.count { $0.finding.outcome != .holds }
        StandardError.write("\(results.count - failed) hold, \(failed) do not")
        guard failed == 0 else { throw ExitCode(ExitStatus.refused.rawValue) }
    }

    private func text(_ result: Result) -> String {
        let finding = result.finding
        let mark =
            switch finding.outcome {
            case .holds: Style.green("holds")
            case .violated: Style.red("VIOLATED")
            case .vacuous: Style.red("VACUOUS")
            case .unknown: Style.red("UNKNOWN")
            }
        var lines = ["\(mark)  \(result.workload): \(finding.name)"]
        if let message = finding.message { lines.append("  \(finding.location): \(message)") }
        if let request = finding.counterexample {
            lines.append("    \(request)")
            lines.append("    by \(finding.rule ?? "none")")
        }
        return lines.joined(separator: "\n")
    }
}
