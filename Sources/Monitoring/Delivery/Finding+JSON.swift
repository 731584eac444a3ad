public import ZeroTrust

extension Finding {
    /// The finding as one JSON object, of which `version` is 1: what commands print and webhooks carry.
    public var json: String {
        var builder = JSONBuilder()
        write(to: &builder)
        return builder.text
    }

    func write(to builder: inout JSONBuilder) {
        builder.object { object in
            object.member("version", UInt64(1))
            object.member("id", id)
            object.member("type", type.name)
            object.member("detector", type.code)
            object.member("severity", severity.name)
            object.member("state", state.name)
            if let actor = state.actor {
                object.member("stateBy", actor.name)
                object.member("stateAt", actor.time.description)
            }
            if case .accepted(_, _, let reason) = state { object.member("reason", reason) }
            object.member("subject", subject)
            object.member("object", self.object)
            object.member("cause", cause)
            object.member("measure") { value in
                value.object {
                    if let baseline = measure.baseline { $0.member("baseline", baseline) }
                    $0.member("observed", measure.observed)
                    $0.member("threshold", measure.threshold)
                    $0.member("unit", measure.unit)
                }
            }
            object.member("members", members)
            object.member("memberCount", UInt64(memberCount))
            object.member("opened", opened.description)
            object.member("updated", updated.description)
            object.member("recordCount", recordCount)
            object.member("records") { value in
                value.array(records) { log, records in
                    log.object {
                        $0.member("log", records.source.name)
                        $0.member("count", records.count)
                        $0.member("ranges") { ranges in
                            ranges.array(records.ranges) { pair, range in
                                pair.array([range.lowerBound, range.upperBound]) { $0.raw("\($1)") }
                            }
                        }
                    }
                }
            }
            object.member("attack", attack)
            object.member("atlas", atlas)
        }
    }
}

extension Finding.State {
    /// Who brought a finding into its state, and when; nil for an open one.
    public var actor: (name: String, time: Timestamp)? {
        switch self {
        case .open: nil
        case .acknowledged(let by, let at), .accepted(let by, let at, _), .resolved(let by, let at): (by, at)
        }
    }
}
