import ModelTrust
import ZeroTrust

/// How commands about releases print what came of them.
enum ReleaseOutput {
    /// A piece of evidence that was written.
    static func wrote(_ place: String, about subject: NamedArtifact, _ chatter: ModelChatter) throws {
        switch chatter.output {
        case .json:
            struct Row: Encodable { let file, model, digest: String }
            try StandardOutput.write(
                json: Row(file: place, model: subject.name, digest: subject.digest.description)
            )
        case .table: chatter.say("signed for \(subject); wrote \(place)")
        }
    }

    /// An index that was written.
    static func show(_ index: ReleaseIndex, at place: String, _ chatter: ModelChatter) throws {
        switch chatter.output {
        case .json: try StandardOutput.write(json: IndexRow(index, place))
        case .table:
            chatter.say(
                "index \(index.version) of \(index.environment), \(counted(index.releases.count, "release")), until "
                    + "\(index.expiresAt); wrote \(place)"
            )
        }
    }

    /// A decision: every condition in JSON, what is missing otherwise.
    static func show(
        _ decision: ReleaseDecision,
        of subject: some CustomStringConvertible,
        in environment: String,
        _ chatter: ModelChatter
    ) throws {
        switch chatter.output {
        case .json: try StandardOutput.write(json: DecisionRow(decision, "\(subject)", environment))
        case .table:
            if decision.isAdmitted {
                StandardOutput.write("admitted: \(subject) may run in \(environment)")
            } else {
                StandardError.write("lapwing: refused: \(subject) may not run in \(environment)")
                // Of bytes that nobody signed nobody has said anything.
                if let bytes = decision.missing.first(where: { $0.condition == .signature }) {
                    return StandardError.write("  \(bytes.condition): \(bytes.detail)")
                }
                for outcome in decision.missing { StandardError.write("  \(outcome.condition): \(outcome.detail)") }
            }
            for remark in decision.remarks where !decision.isAdmitted { chatter.say("  not used: \(remark)") }
        }
    }

    private struct IndexRow: Encodable {
        struct Release: Encodable {
            let model, digest: String
            let sequence: UInt64
            let rollback: Bool
        }

        let file, environment, issuedAt, expiresAt: String
        let version: UInt64
        let releases: [Release]
        let revokedDigests, revokedSigners: [String]

        init(_ index: ReleaseIndex, _ place: String) {
            file = place
            environment = index.environment
            version = index.version
            issuedAt = index.issuedAt.description
            expiresAt = index.expiresAt.description
            releases = index.releases.map {
                Release(
                    model: $0.model,
                    digest: $0.digest.description,
                    sequence: $0.sequence,
                    rollback: $0.allowsRollback
                )
            }
            revokedDigests = index.revokedDigests.sorted().map(\.description)
            revokedSigners = index.revokedSigners.sorted()
        }
    }

    private struct DecisionRow: Encodable {
        struct Condition: Encodable {
            let condition, detail: String
            let holds: Bool
        }

        let version = 1
        let model, environment: String
        let admitted: Bool
        let conditions: [Condition]
        let unused: [String]

        init(_ decision: ReleaseDecision, _ subject: String, _ environment: String) {
            model = subject
            self.environment = environment
            admitted = decision.isAdmitted
            conditions = decision.outcomes.map {
                Condition(condition: $0.condition.description, detail: $0.detail, holds: $0.holds)
            }
            unused = decision.remarks
        }
    }
}
