import ArgumentParser
import Authorization
import DataAccess
import Foundation
import Resources

/// `lapwing blast-radius`.
struct BlastRadiusCommand: FindingCommand {
    static let configuration = CommandConfiguration(
        commandName: "blast-radius",
        abstract: "Say what whoever owns a component can read, write, call and reach, and what each layer takes away.",
        discussion: """
            Looks at what is in force, parsed back: AWS policies of a directory, the catalog and pg_hba.conf of a live \
            PostgreSQL, network policies, mesh policies and workloads of Kubernetes. With --generated, all of these are \
            taken as Lapwing would write them. What is not given counts as open.

            Each line names the steps and the rule of each layer that lets it through: `direct` by the component's own \
            rights, `called` by another component that it can call, `derived` through data. Below stands what is left to \
            the component itself with each layer and those above it, how much the layer takes away by itself, with no \
            other in place, and how much it alone takes away: what would be open without it.

            Layers: network, mesh, aws-identity, aws-bucket, pg-login, pg-grants, pg-rows.
            """
    )

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case table
        case json
    }

    @Argument(help: "The component that somebody else owns.")
    var component: String

    @OptionGroup var options: EstateOptions

    @Option(
        help: "A layer to take away; may be repeated.",
        completion: .list(BlastLayer.allCases.map(\.rawValue)),
        transform: Self.layer
    )
    var without: [BlastLayer] = []

    @Option(help: "A directory of AWS policies, as `lapwing data emit --to aws` writes them.", completion: .directory)
    var aws: String?

    @Option(
        help: "A file or directory of Kubernetes resources: network and mesh policies, workloads; may be repeated.",
        completion: .file()
    )
    var kubernetes: [String] = []

    @OptionGroup var server: PostgreSQLConnectionOptions

    @Option(help: "The database to read; without it, every one of the estate.")
    var database: String?

    @Flag(help: "Take AWS, PostgreSQL and Kubernetes as Lapwing would write them, where nothing else is given.")
    var generated = false

    @Option(help: "A file to draw it in.", completion: .file())
    var svg: String?

    @Option(name: .shortAndLong, help: "Output: table or json.")
    var output = Format.table

    private static func layer(_ text: String) throws -> BlastLayer {
        guard let layer = BlastLayer(rawValue: text) else {
            let names = BlastLayer.allCases.map(\.rawValue)
            throw ValidationError("there is no layer `\(text)`; \(suggestion(for: text, among: names))")
        }
        return layer
    }

    private struct Document: Encodable {
        struct Hazard: Encodable {
            let rule: String
            let object: String
            let detail: String
        }
        let version = 1
        let estate: String
        let component: String
        let without: [BlastLayer]
        let looked: [BlastLayer]
        let total: Int
        let entries: [BlastRadius.Entry]
        let layers: [BlastRadius.Share]
        let hazards: [String: [Hazard]]
    }

    func run() throws {
        let estate = try options.load()
        let evidence = try evidence(estate)
        let map: BlastMap
        do { map = try BlastMap(estate, evidence) } catch let error as PostgreSQLModelError {
            throw CommandError(.refused, error.message)
        }
        guard let radius = map.radius(of: component, without: Set(without)) else {
            throw CommandError(
                .usage,
                "there is no component `\(component)`; \(suggestion(for: component, among: estate.components.map(\.name)))"
            )
        }
        if let svg { try OutputFile.write(Array(BlastDrawing(radius).svg.utf8), to: svg) }
        switch output {
        case .json:
            try StandardOutput.write(
                json: Document(
                    estate: estate.name,
                    component: component,
                    without: without,
                    looked: BlastLayer.allCases.filter(evidence.layers.contains),
                    total: radius.total,
                    entries: radius.entries,
                    layers: radius.shares,
                    hazards: evidence.postgres.mapValues { catalog in
                        catalog.hazards.map {
                            Document.Hazard(rule: $0.rule.rawValue, object: $0.object, detail: $0.detail)
                        }
                    }
                )
            )
        case .table:
            StandardOutput.write(Self.table(radius))
            StandardOutput.write("")
            StandardOutput.write(Self.layers(radius))
            for (name, catalog) in evidence.postgres.sorted(by: { $0.key < $1.key }) where !catalog.hazards.isEmpty {
                StandardError.write(
                    "\(name): \(catalog.hazards.count) hazards, which `lapwing data drift` lists, may open more"
                )
            }
        }
        let direct = radius.entries.count { $0.kind == .direct }
        StandardError.write(
            "\(direct) of \(radius.total) directly, \(radius.entries.count - direct) more through others"
        )
    }

    // MARK: - What is looked at

    /// What is in force, as far as it is named: AWS policies of a directory, and a live PostgreSQL.
    ///
    /// - Throws: ``CommandError`` for what cannot be read.
    static func evidence(
        _ estate: Estate,
        aws: String?,
        server: PostgreSQLConnectionOptions,
        database: String?,
        isGenerated: Bool
    ) throws -> BlastEvidence {
        var evidence = BlastEvidence()
        if isGenerated {
            do { evidence = try BlastEvidence(generatedFor: estate) } catch let error as AWSEmitter.Failure {
                throw CommandError(.refused, error.description)
            } catch let error as PostgreSQLModelError {
                throw CommandError(.refused, error.message)
            }
            if let cluster = try ClusterExport.artifacts(estate, [], isGenerated: true) {
                if estate.enforcement.kubernetes?.networkPolicy == true { evidence.network = cluster.network }
                if estate.enforcement.kubernetes?.istio != nil {
                    let policies = try PolicySet.load(cluster.documents)
                    let mesh = MeshCalls(policies, cluster.network, trustDomain: "\(estate.trustDomain)")
                    evidence.mesh = { mesh.verdicts($0, $1) }
                }
            }
        }
        if let aws { evidence.aws = try AWSArtifacts(files: try PolicyFiles.read(aws), estate: estate) }
        let known = estate.postgresDatabases
        if let database, !known.contains(database) {
            throw CommandError(
                .usage,
                "the estate has no database `\(database)`; \(suggestion(for: database, among: known))"
            )
        }
        guard server.connection != nil || server.service != nil else { return evidence }
        for name in database.map({ [$0] }) ?? known {
            let session = try server.connect(to: name)
            evidence.postgres[name] = try CommandSession.run {
                try PostgreSQLApplication(session: session, model: try PostgreSQLModel(estate, database: name))
                    .catalog()
            }
        }
        return evidence
    }

    private func evidence(_ estate: Estate) throws -> BlastEvidence {
        var evidence = try Self.evidence(
            estate,
            aws: aws,
            server: server,
            database: database,
            isGenerated: generated
        )
        if !kubernetes.isEmpty {
            let documents = try kubernetes.flatMap { path in
                guard FileManager.default.fileExists(atPath: path) else {
                    throw CommandError(.usage, "there is no file or directory `\(path)`")
                }
                return try ResourceLoader.load(path: path).documents
            }
            let network = try KubernetesNetwork(documents)
            if network.count > 0 { evidence.network = network }
            let policies = try PolicySet.load(documents)
            if !policies.policies.isEmpty {
                let mesh = MeshCalls(policies, network, trustDomain: "\(estate.trustDomain)")
                evidence.mesh = { mesh.verdicts($0, $1) }
            }
        }
        return evidence
    }

    // MARK: - Tables

    private static func table(_ radius: BlastRadius) -> String {
        var table = TextTable("ACT", "RESOURCE", "HOW", "STEPS", "BY")
        for entry in radius.entries {
            let how = entry.kind.rawValue + (entry.isDoubtful ? " ?" : "")
            for (index, step) in entry.path.enumerated() {
                let rules = step.rules.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(
                    separator: "; "
                )
                let isFirst = index == 0
                table.add(
                    isFirst ? entry.target.act.rawValue : "",
                    isFirst ? entry.target.resource : "",
                    isFirst ? how : "",
                    step.text,
                    rules
                )
            }
        }
        return radius.entries.isEmpty ? "\(radius.component) gets at nothing" : table.render()
    }

    private static func layers(_ radius: BlastRadius) -> String {
        var table = TextTable("LAYER", "LOOKED AT", "LEFT", "TAKEN AWAY BY ITSELF", "BY IT ALONE", "OF THESE DIRECT")
        table.add("none", "", "\(radius.total)", "", "", "")
        for share in radius.shares {
            table.add(
                share.layer.rawValue,
                share.isGiven ? "yes" : "no",
                "\(share.left)",
                "\(share.alone)",
                "\(share.only)",
                "\(share.onlyDirect)"
            )
        }
        return table.render()
    }
}
