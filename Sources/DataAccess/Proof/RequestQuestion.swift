/// A request that must not be possible, and what it would show if it were.
struct RequestQuestion {
    /// Who asks.
    let search: RequestSearch
    /// What for.
    let action: String
    /// Which resources count, as a pattern over ARNs.
    let area: Glob
    /// Patterns that the resource must not fit.
    var outside: [Glob] = []
    /// What else the request has to be like.
    var wishes: [ContextSolver.Wish] = []
    /// What it shows that there is such a request.
    let finding: String
    /// What a doubt is about.
    let subject: String
}

extension InvariantProof.Outcome {
    /// What comes of some questions: a request that one of them finds refutes, whatever could not be decided before it.
    init(proving questions: some Sequence<RequestQuestion>, doubt: String? = nil) {
        var doubt = doubt
        for question in questions {
            let (action, area, outside) = (question.action, question.area, question.outside)
            switch question.search.find(action, in: area, outside: outside, question.wishes) {
            case .found(let request):
                self = .refuted(question.finding, Witness(request, rules: question.search.rules(request)))
                return
            case .unknown(let reason): doubt = doubt ?? "\(question.subject): \(reason)"
            case .none: continue
            }
        }
        self = doubt.map { .unknown($0) } ?? .proved
    }
}
