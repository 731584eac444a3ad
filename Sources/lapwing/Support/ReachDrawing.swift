import Authorization

/// Who reaches what, as a drawing: callers on the left, what they may ask for on the right, a line for each region.
struct ReachDrawing {
    private let answers: [(workload: String, requests: [ReachableRequests])]

    init(_ answers: [(workload: String, requests: [ReachableRequests])]) {
        self.answers = answers
    }

    /// The drawing.
    var svg: String {
        let sections = answers.map { answer in
            ColumnDrawing.Section(
                title: answer.workload,
                lines: answer.requests.map { request in
                    ColumnDrawing.Line(
                        left: [request.callers],
                        right: ["\(request.methods)  \(request.paths)", request.conditionText]
                    )
                },
                whenEmpty: "nobody reaches it"
            )
        }
        return ColumnDrawing(label: "who can reach what", sections: sections).svg
    }
}

extension ReachableRequests {
    /// The hosts and the further conditions, or nothing where there are none.
    var conditionText: String {
        let host = hosts == "any" ? [] : ["host \(hosts)"]
        let asked = provider.map { ["if `\($0)` allows it"] } ?? []
        return (host + conditions.map { "\($0.attribute) \($0.values)" } + asked).joined(separator: "; ")
    }
}
