import ArgumentParser
import DataAccess

extension DataCommand {
    /// `lapwing data drift`.
    struct Drift: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List how a live PostgreSQL database differs from what an estate says.",
            discussion: """
                Reads the catalog, without changing anything: roles and their attributes, passwords and settings, \
                memberships, grants on everything including columns and defaults, row-level security and its policies, \
                owners, the functions that run with their owner's rights, views, copies, partitions, triggers, \
                extensions, replication, pg_hba.conf and pg_ident.conf.

                `more` is what the estate does not allow, `less` what it says and the database lacks, `changed` what \
                has another form, `hazard` what opens a way around all of it, `unknown` what the connection may not see.

                Exits with 0 where there is no difference, 1 where there is one, 3 where the server cannot be reached.
                """
        )

        @OptionGroup var estate: EstateDatabaseOptions
        @OptionGroup var server: PostgreSQLConnectionOptions

        @Option(name: .shortAndLong, help: "Output: table or json.")
        var output = Format.table

        /// What is printed.
        enum Format: String, ExpressibleByArgument, CaseIterable {
            case table, json
        }

        func run() throws {
            let model = try estate.model()
            let session = try server.connect(to: model.database)
            let drift = try CommandSession.run {
                PostgreSQLDrift(
                    of: try PostgreSQLApplication(session: session, model: model).catalog(),
                    from: model
                )
            }
            switch output {
            case .json: try StandardOutput.write(json: Rows(drift))
            case .table:
                for difference in drift.differences {
                    let rule = difference.rule.map { " [\($0.rawValue)]: \($0.summary); \($0.remedy)" } ?? ""
                    StandardOutput.write(
                        "\(difference.kind.rawValue): \(difference.object): \(difference.detail)\(rule)"
                    )
                }
                StandardError.write("\(drift.differences.count) differences")
            }
            if !drift.differences.isEmpty { throw ExitCode(ExitStatus.refused.rawValue) }
        }

        /// The differences in JSON.
        private struct Rows: Encodable {
            let version = 1
            let differences: [Row]

            struct Row: Encodable {
                let kind, object, detail: String
                let rule, remedy: String?
            }

            init(_ drift: PostgreSQLDrift) {
                differences = drift.differences.map { difference in
                    Row(
                        kind: difference.kind.rawValue,
                        object: difference.object,
                        detail: difference.detail,
                        rule: difference.rule?.rawValue,
                        remedy: difference.rule?.remedy
                    )
                }
            }
        }
    }

    /// `lapwing data residual`.
    struct Residual: ParsableCommand {
        static let configuration = CommandConfiguration(
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
