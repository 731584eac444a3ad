import ArgumentParser
import DataAccess

extension DataCommand {
    /// `lapwing data drift`.
    struct Drift: FindingCommand {
        static let configuration = CommandConfiguration(
            commandName: "drift",
            abstract: "List how a live PostgreSQL database, AWS or a cluster differs from what an estate says.",
            discussion: """
                Reads the catalog, without changing anything: roles and their attributes, passwords and settings, \
                memberships, grants on everything including columns and defaults, row-level security and its policies, \
                owners, the functions that run with their owner's rights, views, copies, partitions, triggers, \
                extensions, replication, pg_hba.conf and pg_ident.conf.

                With --kubernetes, reads what `kubectl get -o yaml` exported: network policies, Istio's policies, \
                sidecars and service entries, admission rules, pods and what makes them. With --aws, reads what the AWS \
                CLI exported: roles with their policies, trust policies and boundaries, the estate's buckets with \
                their policies and Block Public Access, and the endpoints of S3; policies that mean the same are the \
                same. The database is then read where --connection or --service is given.

                `more` is what the estate does not allow, `less` what it says and is not there, `changed` what \
                has another form, `hazard` what opens a way around all of it, `unknown` what the connection may not see.

                Exits with 0 where there is no difference, 1 where there is one, 3 where the server cannot be reached.
                """
        )

        @OptionGroup var estate: EstateDatabaseOptions
        @OptionGroup var server: PostgreSQLConnectionOptions

        @Option(
            help: "A file or directory that `kubectl get -o yaml` or `-o json` exported; may be repeated.",
            completion: .file()
        )
        var kubernetes: [String] = []

        @Option(
            help: """
                A directory of AWS policies, as the AWS CLI exports them (account.json, vpc-endpoints.json, \
                buckets/BUCKET/policy.json) or `lapwing data emit --to aws` writes them.
                """,
            completion: .directory
        )
        var aws: String?

        @Option(name: .shortAndLong, help: "Output: table or json.")
        var output = Format.table

        /// What is printed.
        enum Format: String, ExpressibleByArgument, CaseIterable {
            case table, json
        }

        func run() throws {
            var rows = kubernetes.isEmpty ? [] : try cluster()
            if let aws { rows += try policies(in: aws) }
            let isDatabaseAlone = kubernetes.isEmpty && aws == nil
            if isDatabaseAlone || server.connection != nil || server.service != nil { rows += try database() }
            switch output {
            case .json: try StandardOutput.write(json: Rows(differences: rows))
            case .table:
                for row in rows {
                    let rule = row.summary.map { " [\(row.rule ?? "")]: \($0); \(row.remedy ?? "")" } ?? ""
                    StandardOutput.write("\(row.kind): \(row.object): \(row.detail)\(rule)")
                }
                StandardError.write("\(rows.count) differences")
            }
            if !rows.isEmpty { throw ExitCode(ExitStatus.refused.rawValue) }
        }

        private func cluster() throws -> [Row] {
            do {
                return try KubernetesDrift(of: try ClusterExport.load(kubernetes), from: try estate.estate())
                    .differences.map(Row.init)
            } catch let error as KubernetesEmitter.Failure {
                throw CommandError(.usage, error.description)
            }
        }

        private func policies(in directory: String) throws -> [Row] {
            let estate = try self.estate.estate()
            let live = try AWSArtifacts(files: try PolicyFiles.read(directory), estate: estate)
            do { return try AWSDrift(of: live, from: estate).differences.map(Row.init) } catch let error
                as AWSEmitter.Failure
            {
                throw CommandError(.usage, error.description)
            }
        }

        private func database() throws -> [Row] {
            let model = try estate.model()
            let session = try server.connect(to: model.database)
            let drift = try CommandSession.run {
                PostgreSQLDrift(
                    of: try PostgreSQLApplication(session: session, model: model).catalog(),
                    from: model
                )
            }
            return drift.differences.map(Row.init)
        }

        /// The differences in JSON.
        private struct Rows: Encodable {
            let version = 1
            let differences: [Row]
        }

        private struct Row: Encodable {
            let kind, object, detail: String
            let rule, remedy: String?
            /// What the rule is about, which the table tells and the JSON does not.
            let summary: String?

            private enum CodingKeys: String, CodingKey {
                case kind, object, detail, rule, remedy
            }

            init(_ difference: PostgreSQLDifference) {
                kind = difference.kind.rawValue
                object = difference.object
                detail = difference.detail
                rule = difference.rule?.rawValue
                remedy = difference.rule?.remedy
                summary = difference.rule?.summary
            }

            init(_ difference: AWSDrift.Difference) {
                kind = difference.kind.rawValue
                object = difference.object
                detail = difference.detail
                (rule, remedy, summary) = (nil, nil, nil)
            }

            init(_ difference: KubernetesDrift.Difference) {
                kind = difference.kind.rawValue
                object = difference.object
                detail = difference.detail
                (rule, remedy, summary) = (nil, nil, nil)
            }
        }
    }

    /// `lapwing data residual`.
    struct Residual: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "residual",
            abstract: "List what PostgreSQL leaves open whatever is applied.",
            discussion: """
                Side channels that neither grants nor policies close, with what lessens each. The names are those of \
                the attack suite, which shows that each is real.
                """
        )

        @Option(name: .shortAndLong, help: "Output: table or json.")
        var output = Drift.Format.table

        func run() throws {
            switch output {
            case .json:
                try StandardOutput.write(json: PostgreSQLResidual.all.map(Row.init))
            case .table:
                for residual in PostgreSQLResidual.all {
                    StandardOutput.write("\(residual.id): \(residual.channel); \(residual.advice)")
                }
            }
        }

        private struct Row: Encodable {
            let id, channel, advice: String

            init(_ residual: PostgreSQLResidual) {
                id = residual.id
                channel = residual.channel
                advice = residual.advice
            }
        }
    }
}
