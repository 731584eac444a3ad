import ArgumentParser
import AuditLog
import Foundation
import ZeroTrust

extension AuditCommand {
    /// `lapwing audit body`.
    struct Body: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "body",
            abstract: "Print what a request or its answer said, where its body was kept.",
            discussion: """
                The bytes are held against the digest that the log has for them. Exits with 1 where they were not kept, \
                or destroyed with their tenant's key, and with 4 where they are not those that were recorded.
                """
        )

        @OptionGroup var options: SettingsOptions

        @Argument(help: "The id: `x-request-id` of a response.")
        var id: String

        @Flag(help: "The answer, and not the request.")
        var response = false

        func run() throws {
            let settings = try Settings(options)
            let records = try AuditRecords(directory: settings.auditDirectory)
            let id = try requestID(id)
            var found: BodyRecord?
            for entry in try records.entries(of: id) {
                if case .bodies(let record) = try records.reading({ try entry.record() }) { found = record }
            }
            guard let found else { throw try notKept(id, records) }
            let side: BodyVault.Side = response ? .response : .request
            guard let part = response ? found.response : found.request else {
                throw CommandError(.refused, "the \(side.rawValue) of `\(id)` had no body")
            }
            let archive = BodyArchive(directory: settings.bodiesDirectory)
            let outcome: BodyArchive.Outcome
            do { outcome = try archive.open(part, of: id, side) } catch let error as AuditLogError {
                throw CommandError(error.code == .io ? .unreachable : .unverified, "\(error)")
            }
            switch outcome {
            case .body(let bytes):
                FileHandle.standardOutput.write(Data(bytes))
                if part.kept < part.bytes {
                    StandardError.write("these are the first \(part.kept) bytes of \(part.bytes); no more were kept")
                }
            case .shredded:
                throw CommandError(
                    .refused,
                    "the body was destroyed with the key of the tenant `\(found.tenant)`: "
                        + "lapwing audit query action=audit.shred"
                )
            case .removed: throw CommandError(.refused, "the bodies of that day were removed, as the policy says")
            }
        }

        /// Why there is no body, as far as the log says.
        private func notKept(_ id: RequestID, _ records: AuditRecords) throws -> CommandError {
            CommandError(
                .refused,
                "no body of `\(id)` was kept; what was not is on record: lapwing audit query kind=sampling"
            )
        }
    }

    /// `lapwing audit shred`.
    struct Shred: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "shred",
            abstract: "Destroy a tenant's key, and with it every body that was kept for the tenant.",
            discussion: """
                It cannot be undone. The log keeps what it has, and every proof verifies as before; the act is recorded \
                first. What is kept for the tenant from then on has another key. A tenant that the AuditPolicy's legal \
                hold names is refused, and that is recorded too.
                """
        )

        @OptionGroup var options: SettingsOptions

        @Argument(help: "The tenant: a caller's namespace, unless the AuditPolicy says otherwise.")
        var tenant: String

        @Option(help: "Why, for the record.")
        var reason: String?

        @Flag(help: "Do not ask.")
        var yes = false

        func run() async throws {
            let settings = try Settings(options)
            let record = IdentityRecord(settings)
            try await requireNoHold(settings, record)
            let archive = BodyArchive(directory: settings.bodiesDirectory)
            let tenants: [String]
            do { tenants = try archive.tenants() } catch { throw CommandError(.unreachable, "\(error)") }
            guard tenants.contains(tenant) else {
                let known = tenants.isEmpty ? "no tenant has any" : "these have: \(tenants.joined(separator: ", "))"
                throw CommandError(.refused, "no body is kept for `\(tenant)`; \(known)")
            }
            guard yes else {
                throw CommandError(
                    .usage,
                    "every body kept for `\(tenant)` would be gone for good; say --yes to destroy its key"
                )
            }
            do {
                try await record.record(
                    actor: "uid \(getuid())",
                    action: "audit.shred",
                    subject: tenant,
                    reason: reason
                )
            } catch {
                throw CommandError(
                    .unreachable,
                    "the act cannot be recorded, and is not done: \(error); is `lapwing serve` running?"
                )
            }
            do {
                guard let key = try archive.shred(tenant) else {
                    throw CommandError(.refused, "no body is kept for `\(tenant)` any more")
                }
                StandardError.write("destroyed the key \(key) of `\(tenant)`")
            } catch let error as AuditLogError {
                try? await record.record(
                    actor: "uid \(getuid())",
                    action: "audit.shred",
                    subject: tenant,
                    outcome: .failed,
                    reason: "\(error)"
                )
                throw CommandError(.unreachable, "\(error)")
            }
        }

        /// Refuses where a legal hold keeps the tenant's bodies, or where it cannot be known whether one does.
        private func requireNoHold(_ settings: Settings, _ record: IdentityRecord) async throws {
            let problem: CommandError
            do {
                let policy = try Configuration(settings: settings).auditPolicy
                guard policy.retention?.heldTenants.contains(tenant) == true else { return }
                problem = CommandError(
                    .refused,
                    "a legal hold keeps the bodies of `\(tenant)`; nothing is destroyed while the AuditPolicy's "
                        + "`retention.legalHold.tenants` names it"
                )
            } catch {
                let words = (error as? CommandError)?.message ?? "\(error)"
                problem = CommandError(
                    .refused,
                    "whether a legal hold keeps the bodies of `\(tenant)` cannot be known, and nothing is destroyed: \(words)"
                )
            }
            do {
                try await record.record(
                    actor: "uid \(getuid())",
                    action: "audit.shred",
                    subject: tenant,
                    outcome: .deny,
                    reason: problem.message
                )
            } catch {
                throw CommandError(.refused, "\(problem.message); the refusal could not be recorded: \(error)")
            }
            throw problem
        }
    }
}
