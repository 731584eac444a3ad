import ArgumentParser
import DataAccess
import Foundation

extension DataCommand {
    /// `lapwing data plan`.
    struct Plan: FindingCommand {
        static let configuration = CommandConfiguration(
            commandName: "plan",
            abstract: "Show what would change in a PostgreSQL database for it to enforce an estate.",
            discussion: """
                Compares the live catalog with the estate: roles, grants, row-level security, policies. `-o sql` prints \
                the statements that `lapwing data apply` would run. Nothing is changed.

                Without a connection: `-o script` prints a whole script, the same for the same estate, that can be run \
                twice with psql; `-o hba` and `-o ident` print what has to stand at the top of pg_hba.conf and \
                pg_ident.conf, which no SQL can write; `-o subjects` prints the certificate subject that each \
                component's WorkloadEntry has to have.

                Exits with 0; with --check, 1 where there is something to change. 3 where the server cannot be reached.
                """
        )

        @OptionGroup var estate: EstateDatabaseOptions
        @OptionGroup var server: PostgreSQLConnectionOptions

        @Option(
            name: .shortAndLong,
            help: "Output: table, sql, json; without a connection: script, hba, ident, subjects."
        )
        var output = Format.table

        @Flag(help: "Exit with 1 where there is something to change.")
        var check = false

        /// What is printed.
        enum Format: String, ExpressibleByArgument, CaseIterable {
            case table, sql, json, script, hba, ident, subjects
        }

        func run() throws {
            let model = try estate.model()
            switch output {
            case .script: return StandardOutput.write(verbatim: model.script)
            case .hba: return StandardOutput.write(verbatim: model.hostRules)
            case .ident: return StandardOutput.write(verbatim: model.nameMaps)
            case .subjects:
                var table = TextTable("COMPONENT", "SPIFFE ID", "SUBJECT", "ROLE")
                for component in model.components {
                    table.add(component.name, component.spiffeID, component.subject, component.role)
                }
                return StandardOutput.write(table.render())
            case .table, .sql, .json: break
            }
            let session = try server.connect(to: model.database)
            let plan = try CommandSession.run { try PostgreSQLApplication(session: session, model: model).plan() }
            switch output {
            case .sql: StandardOutput.write(verbatim: plan.script)
            case .json: try StandardOutput.write(json: PlanRows(plan))
            default: PlanTable.write(plan)
            }
            if check, !plan.isEmpty { throw ExitCode(ExitStatus.refused.rawValue) }
        }
    }
}

/// A plan for people.
enum PlanTable {
    static func write(_ plan: PostgreSQLPlan) {
        if plan.isEmpty { return StandardError.write("nothing to change: the database says what the estate says") }
        for change in plan.changes {
            let sign = change.old == nil ? "+" : change.new == nil ? "-" : "~"
            let values = [change.old, change.new].compactMap(\.self).filter { !$0.isEmpty }
            StandardOutput.write(
                "\(sign) \(change.key)" + (values.isEmpty ? "" : ": " + values.joined(separator: " -> "))
            )
        }
        let (more, less) = (plan.changes.count { $0.old == nil }, plan.changes.count { $0.new == nil })
        StandardError.write("\(more) to add, \(plan.changes.count - more - less) to change, \(less) to take away")
    }
}

/// A plan in JSON.
private struct PlanRows: Encodable {
    let version = 1
    let changes: [Row]

    struct Row: Encodable {
        let object: String
        let old, new: String?
        let statements: [String]
    }

    init(_ plan: PostgreSQLPlan) {
        changes = plan.changes.map { Row(object: "\($0.key)", old: $0.old, new: $0.new, statements: $0.statements) }
    }
}
