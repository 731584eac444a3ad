import ArgumentParser
import DataAccess
import Foundation

/// `lapwing data emit`.
struct DataEmitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "emit",
        abstract: "Write what enforces an estate on a platform.",
        discussion: """
            For AWS: each role's policies and trust policy, each bucket's policy and public access block, and the policy \
            of the VPC endpoint, one file each. `lapwing data prove --aws DIR` reads them back.

            For Kubernetes: network policies that close each namespace both ways and let through what is declared, Istio's \
            authorization policies, mutual TLS, the hosts that proxies know, and admission rules, a folder for each \
            namespace. `kubectl apply --recursive --filename DIR` applies them, `lapwing data prove --kubernetes DIR` \
            reads them back.

            For MinIO, or another store that takes its policies: one policy for each component, which has the name of its \
            certificate's CN, `c_NAME`. `lapwing data prove --minio DIR` reads them back.
            """
    )

    enum Platform: String, ExpressibleByArgument, CaseIterable {
        case aws, kubernetes, minio
    }

    @OptionGroup var options: EstateOptions

    @Option(help: "For what: aws, kubernetes or minio.")
    var to: Platform

    @Option(
        name: .customLong("out"),
        help: "The directory to write to; without it, the files are listed and not written.",
        completion: .directory
    )
    var directory: String?

    func run() throws {
        let estate = try options.load()
        let files = try files(estate)
        guard let directory else {
            var table = TextTable("FILE", "BYTES")
            for file in files { table.add(file.path, "\(file.text.utf8.count)") }
            StandardOutput.write(table.render())
            return
        }
        for file in files {
            let path = directory + "/" + file.path
            try OutputFile.writeWithFolders(Array(file.text.utf8), to: path)
        }
        StandardError.write("\(counted(files.count, "file")) in \(directory)")
    }

    private func files(_ estate: Estate) throws -> [(path: String, text: String)] {
        switch to {
        case .aws:
            do { return try AWSEmitter(estate).files() } catch let error as AWSEmitter.Failure {
                throw CommandError(.refused, error.description)
            }
        case .minio:
            do { return try MinIOEmitter(estate).files() } catch { throw CommandError(.refused, error.description) }
        case .kubernetes:
            do {
                let emitter = try KubernetesEmitter(estate)
                for warning in emitter.warnings { StandardError.write("warning: \(warning)") }
                return emitter.files()
            } catch let error as KubernetesEmitter.Failure {
                throw CommandError(.refused, error.description)
            }
        }
    }
}
