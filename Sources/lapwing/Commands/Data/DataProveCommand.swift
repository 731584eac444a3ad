import ArgumentParser
import DataAccess
import Foundation
import Resources

/// `lapwing data prove`.
struct DataProveCommand: FindingCommand {
    static let configuration = CommandConfiguration(
        commandName: "prove",
        abstract: "Prove an estate's invariants, of the estate itself and of what is in force.",
        discussion: """
            Each line is proved, refuted by a concrete request, or unknown; unknown is no proof. With --aws, the policies \
            of a directory are read back, generated ones or exported ones: all together (s3), the roles' alone as if the \
            buckets had none (s3 roles), and the buckets' alone as if every role might do everything (s3 buckets).

            With --kubernetes, the policies of a cluster are read back: who reaches whom and what leads out (network), who \
            is answered, by which methods and paths, and which hosts proxies know (mesh). With --generated, AWS and \
            Kubernetes are taken as Lapwing would write them.

            With --minio, the policies of a MinIO are read back, and what its buckets let through without a signature \
            (s3 minio).

            With --watch, it goes on until it is interrupted: whenever a policy, a resource or the estate is saved, what \
            read it is proved anew, and what came out differently is shown. In JSON that is one line for each time, with \
            the processor time that it took.

            Exits with 0 where all of it is proved, else with 1.
            """
    )

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case table
        case json
    }

    @OptionGroup var options: EstateOptions

    @Option(help: "A directory of AWS policies, as `lapwing data emit --to aws` writes them.", completion: .directory)
    var aws: String?

    @Option(
        help: """
            A file or directory of Kubernetes resources, as `lapwing data emit --to kubernetes` writes them or \
            `kubectl get -o yaml` exports them; may be repeated.
            """,
        completion: .file()
    )
    var kubernetes: [String] = []

    @Flag(help: "Take AWS and Kubernetes as Lapwing would write them, where nothing else is given.")
    var generated = false

    @Option(
        help: "A directory of MinIO policies, as `lapwing data emit --to minio` writes them.",
        completion: .directory
    )
    var minio: String?

    @Flag(help: "Go on proving whenever something is saved of --aws, --kubernetes or --minio.")
    var watch = false

    @Option(name: .shortAndLong, help: "Output: table or json.")
    var output = Format.table

    func validate() throws {
        if watch, aws == nil, kubernetes.isEmpty, minio == nil {
            throw ValidationError("--watch looks at what --aws, --kubernetes or --minio names")
        }
    }

    struct Line: Encodable, Hashable {
        let id: String
        let layer: String
        let outcome: String
        let message: String?
        let witness: Witness?
    }

    private struct Document: Encodable {
        let version = 1
        let estate: String
        let holds: Bool
        let results: [Line]
    }

    func run() throws {
        let estate = try options.load()
        // What is looked at is taken before it is read: what changes meanwhile is read again.
        let places = watch ? try DataWatch.Places(aws: aws, kubernetes: kubernetes, minio: minio) : nil
        let artifacts = try artifacts(estate)
        let proof = IncrementalProof(estate, aws: artifacts)
        let others = try others(estate)
        let whole = proof.proof.adding(others)
        try write(whole, of: estate)
        if let places {
            var watch = try DataWatch(options, places, output, proof, others, self.others)
            try watch.run()
        }
        guard whole.holds else { throw ExitCode(ExitStatus.refused.rawValue) }
    }

    /// What is in force in AWS, as given or else as Lapwing would write it.
    private func artifacts(_ estate: Estate) throws -> AWSArtifacts? {
        if let aws { return try AWSArtifacts(files: try PolicyFiles.read(aws), estate: estate) }
        guard generated, estate.enforcement.aws != nil else { return nil }
        do { return try AWSArtifacts(generatedFor: estate) } catch let error as AWSEmitter.Failure {
            throw CommandError(.refused, error.description)
        }
    }

    /// What is proved beside AWS: of the cluster and of a MinIO.
    private func others(_ estate: Estate) throws -> [EstateProof.Result] {
        let store = try minio.map { MinIOProof(estate, try MinIOArtifacts(files: try PolicyFiles.read($0))).results }
        return try cluster(estate) + (store ?? [])
    }

    /// What is proved of the cluster, as given or else as Lapwing would write it.
    private func cluster(_ estate: Estate) throws -> [EstateProof.Result] {
        guard let cluster = try ClusterExport.artifacts(estate, kubernetes, isGenerated: generated) else { return [] }
        let results = EstateProof.results(estate, kubernetes: cluster)
        guard estate.enforcement.kubernetes?.istio != nil else { return results }
        return results + (try MeshProof(estate, cluster).results())
    }

    private func write(_ proof: EstateProof, of estate: Estate) throws {
        let lines = proof.results.map(Self.line)
        switch output {
        case .json:
            try StandardOutput.write(json: Document(estate: estate.name, holds: proof.holds, results: lines))
        case .table:
            Self.write(lines)
        }
        let open = lines.count { $0.outcome != "proved" && $0.outcome != "not concerned" }
        StandardError.write("\(lines.count - open) proved, \(open) not")
    }

    /// Writes results as a table, and the requests that refute.
    static func write(_ lines: [Line]) {
        var table = TextTable("INVARIANT", "LAYER", "OUTCOME", "WHY")
        for line in lines { table.add(line.id, line.layer, line.outcome, line.message ?? "") }
        StandardOutput.write(
            table.render { _, column, cell in
                guard column == 2 else { return cell }
                return cell.hasPrefix("proved") ? Style.green(cell) : Style.red(cell)
            }
        )
        for line in lines {
            if let witness = line.witness { StandardOutput.write("\(line.id) (\(line.layer)): \(witness)") }
        }
    }

    static func line(_ result: EstateProof.Result) -> Line {
        let (outcome, message, witness): (String, String?, Witness?) =
            switch result.outcome {
            case .proved: ("proved", nil, nil)
            case .refuted(let message, let witness): ("REFUTED", message, witness)
            case .unknown(let reason): ("UNKNOWN", reason, nil)
            case .notConcerned: ("not concerned", nil, nil)
            }
        return Line(id: result.id, layer: result.layer, outcome: outcome, message: message, witness: witness)
    }
}
