import DataAccess

/// What an estate allows, as a drawing: components on the left, data, APIs and hosts on the right.
///
/// A line is a reading or a call; a broken one is a reading to derive other data; a strong one is a writing.
struct AccessDrawing {
    private let estate: Estate
    private let accesses: [Access]

    /// A drawing of one component's accesses, or of all.
    init(_ estate: Estate, only component: String? = nil) {
        self.estate = estate
        accesses = estate.accesses.filter { component == nil || $0.component == component }
    }

    /// The drawing.
    var svg: String {
        let data = accesses.filter { $0.resource.dataset != nil }
        let other = accesses.filter { $0.resource.dataset == nil }
        return ColumnDrawing(
            label: "what the estate \(estate.name) allows",
            sections: [
                section(
                    "Data of \(estate.name): — reads, - - derives from, red writes",
                    data,
                    "nobody gets at any data"
                ),
                section("Calls", other, "nobody calls anybody"),
            ]
        ).svg
    }

    private func section(_ title: String, _ accesses: [Access], _ whenEmpty: String) -> ColumnDrawing.Section {
        ColumnDrawing.Section(title: title, lines: accesses.map(line), whenEmpty: whenEmpty)
    }

    private func line(_ access: Access) -> ColumnDrawing.Line {
        let style: ColumnDrawing.Style =
            switch access.verb {
            case .read: access.condition.isDerivation ? .dashed : .plain
            case .append, .write: .strong
            case .call, .reach: .plain
            }
        return ColumnDrawing.Line(left: who(access.component), right: what(access.resource), style: style)
    }

    private func who(_ name: String) -> [String] {
        guard let component = estate.component(name) else { return [name] }
        let most = component.maxClassification.map { ", up to \($0)" } ?? ""
        return [name, "for \(component.purpose)\(most)"]
    }

    private func what(_ resource: Access.Resource) -> [String] {
        switch resource {
        case .objects(let name, _), .table(let name, _):
            guard let dataset = estate.dataset(name) else { return [name] }
            let places = dataset.stores.map { store in
                switch store {
                case .s3(let objects): "s3://\(objects.bucket)/\(objects.prefix)"
                case .postgres(let table): "\(table.database): \(table.schema).\(table.name)"
                }
            }
            let purposes = dataset.purposes.joined(separator: ", ")
            return ["\(name) (\(dataset.classification)) for \(purposes)"] + places
        case .api(let component, let api):
            let requests = api.http.map { operation in
                operation.methods.joined(separator: ", ") + " " + operation.paths.joined(separator: ", ")
            }
            return ["\(component).\(api.name), port \(api.port)"] + requests
        case .host(let host): return ["\(host.host), port \(host.port)", "outside"]
        }
    }
}
