import AuditLog
import Foundation
import Glibc
import ZeroTrust

/// The rows of the demo's second table: a model on its way from training into a running service, and what is refused on
/// that way.
struct DemoModelRows {
    /// One step.
    struct Row {
        let title: String
        let must: String
        let got: String
        let why: String
        let entry: String
        let isGood: Bool

        init(_ title: String, must: String, got: String, why: String = "", entry: String = "-") {
            (self.title, self.must, self.got, self.why, self.entry) = (title, must, got, why, entry)
            isGood = must == got
        }
    }

    private let scenario: DemoScenario
    private(set) var rows: [Row] = []

    init(_ scenario: DemoScenario) { self.scenario = scenario }

    private var models: DemoModels { scenario.models }
    private var deployment: DemoProgram { DemoProgram(path: scenario.program(.deployment)) }
    private var loader: DemoProgram { DemoProgram(path: scenario.program(.modelLoader)) }
    private var training: DemoProgram { DemoProgram(path: scenario.program(.trainingPipeline)) }
    private var registry: [String] {
        ["--registry-id", DemoScenario.Workload.registry.id, "--workload-api", scenario.workloadSocket]
    }

    private func reference(_ tag: String) -> String {
        "127.0.0.1:\(scenario.ports[.registry] ?? 0)/tickets/\(DemoModels.name):\(tag)"
    }

    /// Training pushes, deployment admits, and the loader pulls what was deployed.
    mutating func deploy() throws {
        let push = ["model", "push"]
        for (release, tag) in [(DemoModels.Release.first, "v1"), (.second, "v2")] {
            let pushed = try training.run(
                push + [models.folder(release), reference(tag), "--signature", models.signature(release)] + registry
            )
            add("training pushes release \(tag), signed", "admitted", pushed, [0: "admitted", 1: "quarantined"])
        }
        let unsigned = try training.run(push + [models.folder(.unsigned), reference("unsigned")] + registry)
        add("training pushes an unsigned model", "quarantined", unsigned, [0: "admitted", 1: "quarantined"])
        let words: [Int32: String] = [0: "admitted", 1: "refused", 4: "refused"]
        let pulled = models.directory + "/models/pulled/"
        try FileManager.default.createDirectory(atPath: pulled, withIntermediateDirectories: true)
        let quarantined = try deployment.run(
            ["model", "pull", reference("unsigned"), pulled + "unsigned"] + registry
        )
        add("deployment pulls the unsigned model", "refused", quarantined, words)
        add("deployment admits the unsigned model", "refused", try admit(models.folder(.unsigned), .unsigned), words)
        let second = pulled + DemoModels.name
        try deployment.succeed(["model", "pull", reference("v2"), second] + registry)
        add("deployment pulls and admits release v2", "admitted", try admit(second, .second), words)
        try deployment.succeed(["model", "promote", reference("v2"), "production"] + registry)
        add("deployment admits the older release v1", "refused", try admit(models.folder(.first), .first), words)
        try FileManager.default.createDirectory(
            atPath: models.directory + "/models/loaded",
            withIntermediateDirectories: true
        )
        try loader.succeed(["model", "pull", reference("production"), models.loaded] + registry)
        try tamper()
    }

    private func admit(_ model: String, _ release: DemoModels.Release) throws -> DemoProgram.Result {
        try deployment.run([
            "model", "admit", model, "--name", DemoModels.name, "--signature", models.signature(release), "--evidence",
            models.folder(release) + ".evidence", "--policy", models.policy, "--environment", "production", "--index",
            models.index, "--state", models.directory + "/deployment", "--quiet",
        ])
    }

    /// A copy of what the loader pulled, in which one byte is another.
    private mutating func tamper() throws {
        let folder = models.folder(.tampered)
        try FileManager.default.createDirectory(
            atPath: models.directory + "/models/tampered",
            withIntermediateDirectories: true
        )
        try FileManager.default.copyItem(atPath: models.loaded, toPath: folder)
        try DemoModels.flip(folder + "/model.safetensors")
        let result = try loader.run(loading(folder, isSealed: true) + ["--", "/bin/true"])
        add("the loader loads a tampered model", "refused", result, [0: "loaded", 4: "refused"])
    }

    /// The arguments by which the loader loads a model.
    func loading(_ folder: String, isSealed: Bool) -> [String] {
        ["model", "run", "--model", folder, "--signature", models.signature(.second), "--policy", models.policy]
            + ["--name", DemoModels.name, "--quiet"] + (isSealed ? ["--sealed"] : [])
    }

    private mutating func add(
        _ title: String,
        _ must: String,
        _ result: DemoProgram.Result,
        _ words: [Int32: String]
    ) {
        let got = words[result.status] ?? "exit \(result.status)"
        rows.append(Row(title, must: must, got: got, why: got == "admitted" ? "" : result.why))
    }

    // MARK: - Under a running service

    /// A call that needs the service's own identity: it asks the feature store for the customer.
    private static let call = DemoCall.featured

    /// Changes the model under the running service, and looks what becomes of the service's identity.
    mutating func change(
        isSealed: Bool,
        _ send: (DemoCall) async throws -> DemoOutcome
    ) async throws {
        let before = try await send(Self.call)
        rows.append(
            Row("the service reads features, as itself with its model", must: "200", got: before.inWords)
        )
        let log = LogReader(directory: scenario.stateDirectory + "/audit")
        let size = try log.size()
        let started = ContinuousClock.now
        try DemoModels.flip(models.loaded + "/model.safetensors")
        guard !isSealed else { return try await changeSealed(send) }
        var got = "still there"
        var found: (why: String, entry: String) = ("", "-")
        while ContinuousClock.now - started < .seconds(10) {
            if let act = try Self.withdrawal(log, from: size) {
                let took = ContinuousClock.now - started
                got = took < .seconds(2) ? "withdrawn in 2 s" : "withdrawn, too late"
                let text = took.formatted(.units(allowed: [.milliseconds]))
                found = ("after \(text): " + (act.record.reason ?? ""), "\(act.index)")
                break
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        rows.append(
            Row(
                "a byte of the model is changed under the service: its SVID",
                must: "withdrawn in 2 s",
                got: got,
                why: DemoProgram.Result.shortened(found.why),
                entry: found.entry
            )
        )
        let after = try await send(Self.call)
        let refusal = try await Self.refusal(of: after, log)
        rows.append(
            Row(
                "the next call: its gateway refuses to pass it on",
                must: "503",
                got: after.inWords,
                why: refusal.why,
                entry: refusal.entry
            )
        )
        try nextStart(isSealed: false)
    }

    /// Why the gateway did not take the service for one that has its model, by the record under the answer's id.
    private static func refusal(of outcome: DemoOutcome, _ log: LogReader) async throws -> (why: String, entry: String)
    {
        guard let id = outcome.requestID else { return ("no record", "-") }
        // The completion is recorded a moment after the answer has gone.
        for _ in 0..<50 {
            for entry in try log.find(id) {
                guard case .completion(let completion) = try entry.record(), let reason = completion.model?.refusal
                else {
                    continue
                }
                return ("the upstream's model: \(reason)", "\(entry.index)")
            }
            try await Task.sleep(for: .milliseconds(50))
        }
        return ("no record", "-")
    }

    /// Without a file system to mount there is nothing to withdraw: the service reads a copy that nobody can change.
    private mutating func changeSealed(_ send: (DemoCall) async throws -> DemoOutcome) async throws {
        try await Task.sleep(for: .seconds(1))
        let after = try await send(Self.call)
        rows.append(
            Row(
                "a byte of the model is changed on disk: the service",
                must: "200",
                got: after.inWords,
                why: "no /dev/fuse here: it reads a sealed copy in memory, which nobody can change"
            )
        )
        try nextStart(isSealed: true)
    }

    private mutating func nextStart(isSealed: Bool) throws {
        let again = try loader.run(loading(models.loaded, isSealed: isSealed) + ["--", "/bin/true"])
        add("the service is started again from what was changed", "refused", again, [0: "loaded", 4: "refused"])
    }

    /// The newest act that withdrew a proof, among those that came after an index.
    private static func withdrawal(
        _ log: LogReader,
        from size: UInt64
    ) throws -> (record: ActRecord, index: UInt64)? {
        for entry in try log.tail(50) where entry.index >= size {
            if case .act(let act) = try entry.record(), act.action == "model.proof.withdraw" {
                return (act, entry.index)
            }
        }
        return nil
    }
}
