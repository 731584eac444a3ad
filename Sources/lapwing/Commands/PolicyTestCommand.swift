import ArgumentParser
import Authorization
import Foundation
import Gateway
import Resources
import ZeroTrust

/// `lapwing policy test`.
struct PolicyTestCommand: FindingCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Put decision tables to policies; say what no case exercises, and which mistakes none would notice.",
        discussion: """
            Tables are resources of kind `PolicyTest` beside the policies, by custom in files that end in \
            `.policytest.yaml`. --mutate changes the policies in every small way that it knows, one at a time, and names \
            the changes with which every case still comes out as expected. Exits with 1 where a case fails or less than \
            asked for is covered or noticed.
            """
    )

    /// How the report is written.
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case table
        case json
        case junit
    }

    @OptionGroup var options: SettingsOptions

    @Flag(help: "Change the policies one small step at a time, and name the changes that no case notices.")
    var mutate = false

    @Option(help: "The least share of rules and values that cases have to exercise, in hundredths.")
    var coverageMin: Double?

    @Option(help: "The least share of changed policies that cases have to notice, in hundredths; implies --mutate.")
    var mutationMin: Double?

    @Flag(help: "Print only what is not as it should be.")
    var quiet = false

    @Option(name: .shortAndLong, help: "Output: table, json or junit.")
    var output = Format.table

    @Argument(help: "Files or directories of YAML; beside a table alone, its directory is read.", completion: .file())
    var paths: [String]

    func validate() throws {
        for share in [coverageMin, mutationMin].compactMap(\.self) where !(0...100).contains(share) {
            throw ValidationError("--coverage-min and --mutation-min take a number from 0 to 100")
        }
    }

    func run() throws {
        let documents = try Self.documents(at: paths)
        let runners = try self.runners(documents)
        guard !runners.isEmpty else {
            throw CommandError(
                .usage,
                "there is no `PolicyTest` in \(paths.map { "`\($0)`" }.joined(separator: ", ")); "
                    + "tables lie beside the policies, by custom in `NAME.policytest.yaml`"
            )
        }
        let bar = ProgressBar(label: "mutating", unit: "mutants")
        let report = PolicyTestReport(runners, mutates: mutate || mutationMin != nil) {
            bar.show(UInt64($0), of: UInt64($1))
        }
        bar.finish()
        switch output {
        case .json: try StandardOutput.write(json: report)
        case .junit: StandardOutput.write(verbatim: report.junit)
        case .table: PolicyTestTable(report: report, isQuiet: quiet).write()
        }
        let faults = faults(report)
        for fault in faults { StandardError.write(fault) }
        guard report.failed == 0, faults.isEmpty else { throw ExitCode(ExitStatus.refused.rawValue) }
    }

    private func faults(_ report: PolicyTestReport) -> [String] {
        var faults: [String] = []
        if let least = coverageMin, report.coverage.percent < least {
            faults.append("the cases exercise less than \(least) % of the rules and values")
        }
        if let least = mutationMin, let mutation = report.mutation, mutation.percent < least {
            faults.append("the cases notice less than \(least) % of the changed policies")
        }
        return faults
    }

    // MARK: - Reading

    private static func documents(at paths: [String]) throws -> [Document] {
        var documents = try paths.flatMap { try ResourceLoader.load(path: $0).documents }
        if !documents.contains(where: { $0.kind == "AuthorizationPolicy" }) {
            let directories = Set(paths.map { URL(fileURLWithPath: $0).deletingLastPathComponent().relativePath })
            let known = Set(documents.map { "\($0.location)" })
            for directory in directories.sorted() {
                documents += try ResourceLoader.load(path: directory).documents
                    .filter { $0.kind != PolicyTest.kind && !known.contains("\($0.location)") }
            }
        }
        try ResourceLoader.refuseDuplicates(documents)
        return documents
    }

    private func runners(_ documents: [Document]) throws -> [PolicyTestRunner] {
        let policies = try PolicySet.load(documents)
        let gateways = try GatewayConfiguration.load(documents)
        let settings = try Settings(options, documents: documents)
        return try PolicyTest.load(documents).map { test in
            let workload: Workload
            var engineOptions: PolicyEngine.Options
            let screen: RequestScreen
            switch test.target {
            case .workload(let own, let ownOptions, let normalization):
                (workload, engineOptions) = (own, ownOptions)
                engineOptions.compatibility = settings.compatibility.value ?? ownOptions.compatibility
                screen = RequestScreen(normalization: normalization, compatibility: engineOptions.compatibility)
            case .gateway(let name):
                var gateway = try Self.gateway(name, of: test, among: gateways)
                gateway.compatibility = settings.compatibility.value ?? gateway.compatibility
                workload = gateway.workload
                engineOptions = .init(
                    compatibility: gateway.compatibility,
                    trustDomains: [settings.trustDomain.value.name],
                    providers: Set(gateway.providers.map(\.name))
                )
                screen = gateway.screen
            }
            let engine = try PolicyEngine(policies: policies, workload: workload, options: engineOptions)
            return PolicyTestRunner(test, engine: engine, screen: screen)
        }
    }

    private static func gateway(
        _ name: String?,
        of test: PolicyTest,
        among gateways: [GatewayConfiguration]
    ) throws -> GatewayConfiguration {
        let names = gateways.map(\.name)
        if let name {
            guard let gateway = gateways.first(where: { $0.name == name }) else {
                throw ResourceError(
                    at: test.location,
                    "there is no gateway `\(name)`; \(suggestion(for: name, among: names))"
                )
            }
            return gateway
        }
        guard let gateway = gateways.first, gateways.count == 1 else {
            throw ResourceError(
                at: test.location,
                gateways.isEmpty
                    ? "there is no Gateway beside the table; describe the `workload` in it"
                    : "there are several gateways; name one with `gateway`: \(names.joined(separator: ", "))"
            )
        }
        return gateway
    }
}
