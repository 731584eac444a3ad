import ArgumentParser
import Foundation
import SwiftProtobuf
import WireProtos

/// `lapwing config reload`.
struct ConfigReloadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload",
        abstract: "Have what runs read its configuration again, and say how it went.",
        discussion: """
            The same as SIGHUP, or as a change of a file: a configuration is put in force whole, or what is wrong in \
            it is said with its place and the old one stays. Needs the role `operator`. Exits with 1 where it is \
            refused.
            """
    )

    @OptionGroup var options: SettingsOptions

    @Option(name: .shortAndLong, help: "Output: table or json.")
    var output = OutputFormat.table

    func run() async throws {
        let settings = try Settings(options)
        // Identities first, since a gateway that is new waits for its own. What the authority refuses, the gateway
        // refuses too, and records.
        do {
            let _: Admin_ReloadResponse = try await AdminClient(authority: settings)
                .call("Reload", Admin_ReloadRequest())
        } catch let error as CommandError where error.status == .refused {
            StandardError.write("the authority: \(error.message)")
        }
        let attempt: Gateway_ReloadAttempt = try await AdminClient(gateway: settings)
            .call("Reload", Gateway_ReloadRequest())
        switch output {
        case .json: try StandardOutput.write(json: ReloadForm(attempt))
        case .table:
            if attempt.applied {
                StandardOutput.write("reloaded: \(attempt.old.prefix(12)) → \(attempt.new.prefix(12))  \(attempt.id)")
            } else {
                StandardOutput.write("refused (\(attempt.reason)); \(attempt.old.prefix(12)) stays  \(attempt.id)")
                StandardError.write(attempt.problem)
            }
        }
        guard attempt.applied else { throw ExitCode(ExitStatus.refused.rawValue) }
    }
}

/// `lapwing config status`.
struct ConfigStatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Say which configuration is in force, and how the last attempt to change it ended."
    )

    @OptionGroup var options: SettingsOptions

    @Option(name: .shortAndLong, help: "Output: table or json.")
    var output = OutputFormat.table

    func run() async throws {
        let status: Gateway_ConfigurationStatus = try await AdminClient(gateway: try Settings(options))
            .call("ShowConfiguration", Gateway_ShowConfigurationRequest())
        struct Form: Encodable {
            let version = 1
            let digest: String
            let since: Date
            let applied, refused: UInt64
            let last: ReloadForm?
        }
        let form = Form(
            digest: status.digest,
            since: status.since.date,
            applied: status.applied,
            refused: status.refused,
            last: status.hasLast ? ReloadForm(status.last) : nil
        )
        switch output {
        case .json: try StandardOutput.write(json: form)
        case .table:
            StandardOutput.write("in force: \(form.digest) since \(form.since.formatted(.iso8601))")
            StandardOutput.write("reloads: \(form.applied) applied, \(form.refused) refused")
            guard let last = form.last else { return }
            let how = last.applied ? "applied" : "refused (\(last.reason ?? ""))"
            StandardOutput.write("last: \(how) on \(last.trigger) at \(last.time.formatted(.iso8601))  \(last.id)")
            if let problem = last.problem { StandardOutput.write(problem) }
        }
    }
}

/// An attempt to put another configuration in force, as JSON.
struct ReloadForm: Encodable {
    let id: String
    let time: Date
    let trigger: String
    let applied: Bool
    let old: String
    let new, reason, problem: String?

    init(_ attempt: Gateway_ReloadAttempt) {
        id = attempt.id
        time = attempt.time.date
        trigger = attempt.trigger
        applied = attempt.applied
        old = attempt.old
        new = attempt.new.isEmpty ? nil : attempt.new
        reason = attempt.reason.isEmpty ? nil : attempt.reason
        problem = attempt.problem.isEmpty ? nil : attempt.problem
    }
}
