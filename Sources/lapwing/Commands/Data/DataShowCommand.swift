import ArgumentParser
import DataAccess
import Foundation

/// `lapwing data show`.
struct DataShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show what an estate allows: who may do what to which data, and where that is enforced.",
        discussion:
            "What is not listed is denied. With -o svg, a drawing: who is for what, and which data each gets at."
    )

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case table
        case json
        case svg
    }

    @OptionGroup var options: EstateOptions

    @Option(help: "Only this component.")
    var component: String?

    @Option(name: .shortAndLong, help: "Output: table, json or svg.")
    var output = Format.table

    private struct Row: Encodable {
        let component: String
        let verb: String
        let resource: String
        let place: String
        let layer: String
        let purpose: String
        let isDerivation: Bool
        let columns: [String]?
    }

    private struct Document: Encodable {
        let version = 1
        let estate: String
        let accesses: [Row]
    }

    func run() throws {
        let estate = try options.load()
        if let component, estate.component(component) == nil {
            throw CommandError(.usage, "there is no component `\(component)` in `\(estate.name)`")
        }
        let rows = estate.accesses.filter { component == nil || $0.component == component }.map(row)
        switch output {
        case .svg: StandardOutput.write(AccessDrawing(estate, only: component).svg)
        case .json: try StandardOutput.write(json: Document(estate: estate.name, accesses: rows))
        case .table:
            var table = TextTable("COMPONENT", "MAY", "WHAT", "WHERE", "LAYER", "ON CONDITION")
            for row in rows {
                var conditions = [row.isDerivation ? "to derive other data" : nil]
                conditions.append(row.columns.map { "columns " + $0.joined(separator: ", ") })
                table.add(
                    row.component,
                    row.verb,
                    row.resource,
                    row.place,
                    row.layer,
                    conditions.compactMap(\.self).joined(separator: "; ")
                )
            }
            StandardOutput.write(table.render())
        }
    }

    private func row(_ access: Access) -> Row {
        let (resource, place) =
            switch access.resource {
            case .objects(let dataset, let store): (dataset, "s3://\(store.bucket)/\(store.prefix)")
            case .table(let dataset, let table): (dataset, "\(table.database): \(table.schema).\(table.name)")
            case .api(let component, let api): ("\(component).\(api.name)", "port \(api.port)")
            case .host(let host): (host.host, "port \(host.port)")
            }
        return Row(
            component: access.component,
            verb: access.verb.rawValue,
            resource: resource,
            place: place,
            layer: access.layer.rawValue,
            purpose: access.condition.purpose,
            isDerivation: access.condition.isDerivation,
            columns: access.condition.columns
        )
    }
}
