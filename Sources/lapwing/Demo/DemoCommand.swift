import ArgumentParser
import AuditLog
import Foundation
import Logging
import Monitoring
import MutualTLS
import NIOPosix
import SPIFFE
import Storage
import WireProtos
import WorkloadIdentity
import ZeroTrust

/// `lapwing demo`: the reference scenario on this machine, attacked.
struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Run the reference scenario on loopback, attack it, and verify the record.",
        discussion: """
            An authority, a registry, three gateways and seven workloads run for real, each workload with its own \
            SVID. A model goes from training to production: signed, evaluated, released, admitted, and loaded by the \
            inference service from verified bytes alone, by which it has its identity. Then calls are made that must \
            pass and calls that must not, models are refused that must be, the model is changed under the running \
            service, and the log of it all is verified. Everything lies in one directory under /tmp, which is removed \
            at the end unless --keep is given.
            """
    )

    @Flag(help: "Leave everything running until Ctrl-C, and keep the directory.")
    var keep = false

    func run() async throws {
        LogFormat.text.bootstrap(level: .critical)
        StandardError.write("signing, evaluating and releasing a model")
        let scenario = try DemoScenario.make()
        let demo = RunningDemo(scenario: scenario)
        do {
            let started = ContinuousClock.now
            StandardError.write(
                "starting the authority, the registry, three gateways and the workloads in \(scenario.directory)"
            )
            try await demo.start()
            StandardError.write(
                "ready after \((ContinuousClock.now - started).formatted(.units(allowed: [.seconds], fractionalPart: .show(length: 1))))\n"
            )
            var mistakes = try await demo.attack()
            mistakes += try await demo.guardCalls()
            mistakes += try await demo.changeModel(isKept: keep)
            try await demo.verify()
            try demo.showFindings()
            try await demo.suggest(keep: keep)
            if keep { await ProcessLife.untilStopped() }
            await demo.stop(removing: !keep)
            guard mistakes == 0 else {
                throw CommandError(.refused, "\(mistakes) calls or steps did not end as they must")
            }
        } catch {
            await demo.stop(removing: !keep)
            throw error
        }
    }
}

/// The scenario's processes, and the calls that are made of them.
private final class RunningDemo {
    private let scenario: DemoScenario
    private var processes: [ChildProcess] = []
    private var models: DemoModelRows
    /// Whether the service reads a sealed copy of its model, where nothing can be mounted.
    private var isSealed = false

    init(scenario: DemoScenario) {
        self.scenario = scenario
        models = DemoModelRows(scenario)
    }

    /// Starts everything, each part once those that it needs are ready.
    func start() async throws {
        try await launch(
            "lapwing serve",
            program: nil,
            [
                "serve", "--config", scenario.configDirectory, "--state", scenario.stateDirectory, "--run",
                scenario.runtimeDirectory, "--trust-domain", "cluster.local", "--log-level", "error",
            ]
        )
        try await launch(.featureStore)
        try models.deploy()
        try await launchInference()
    }

    /// The loader starts the inference service: by a mounted file system where that can be, else from sealed memory.
    private func launchInference() async throws {
        let service = [
            "--prove", "--socket", "unix://" + scenario.workloadSocket, "--", scenario.program(.inferenceService),
            "demo-workload", DemoScenario.Workload.inferenceService.rawValue, "--socket",
            scenario.upstreamSocket(.inferenceService), "--workload-api", scenario.workloadSocket, "--feature-port",
            "\(scenario.ports[.featureStore] ?? 0)",
        ]
        // Asked beforehand, so that what fails later is told as what it is.
        let program = DemoProgram(path: scenario.program(.modelLoader))
        let probe = try program.run(models.loading(scenario.models.loaded, isSealed: false) + ["--", "/bin/true"])
        isSealed = probe.status == ExitStatus.unreachable.rawValue
        try await launch(
            "inference-service",
            program: program.path,
            models.loading(scenario.models.loaded, isSealed: isSealed) + service
        )
    }

    private func launch(_ workload: DemoScenario.Workload, _ more: [String] = []) async throws {
        try await launch(
            workload.rawValue,
            program: scenario.program(workload),
            [
                "demo-workload", workload.rawValue, "--socket", scenario.upstreamSocket(workload), "--workload-api",
                scenario.workloadSocket,
            ] + more
        )
    }

    private func launch(_ name: String, program: String?, _ arguments: [String]) async throws {
        let listener = try NotificationListener(path: scenario.directory + "/notify.sock")
        let child = try ChildProcess(arguments: arguments, notifySocket: listener.path, program: program)
        processes.append(child)
        guard await child.becomesReady(listener, within: .seconds(60)) else {
            throw CommandError(.unreachable, "`\(name)` did not become ready; its messages stand above")
        }
    }

    /// Stops everything, the last started first.
    func stop(removing: Bool) async {
        for process in processes.reversed() {
            process.terminate()
            _ = await process.ended()
        }
        if removing { try? FileManager.default.removeItem(atPath: scenario.directory) }
    }

    /// Makes every call, prints the table, and says how many did not end as they must.
    func attack() async throws -> Int {
        var table = TextTable("CALL", "MUST", "GOT", "WHY, BY THE RECORD", "ENTRY")
        var good: [Bool] = []
        for call in DemoCall.all {
            let outcome = try await send(call)
            let record = try await self.record(of: outcome, call)
            let isGood = call.isMet(by: outcome)
            good.append(isGood)
            table.rows.append([call.title, call.must, outcome.inWords, record.why, record.index])
        }
        StandardOutput.write(
            table.render { row, column, cell in
                guard column == 2 else { return cell }
                return good[row] ? Style.green(cell) : Style.red(cell)
            }
        )
        return good.count { !$0 }
    }

    /// Makes the calls whose bodies and answers are looked at, prints what was found in them and where, and says how many
    /// did not end as they must.
    func guardCalls() async throws -> Int {
        var table = TextTable("GUARDED CALL", "MUST", "GOT", "RULE AND BYTES, BY THE RECORD", "ENTRY")
        var good: [Bool] = []
        for call in DemoCall.guarded {
            let outcome = try await send(call)
            let found = try await finding(of: outcome)
            good.append(call.isMet(by: outcome) && found.index != "-")
            table.rows.append([call.title, call.must, outcome.inWords, found.words, found.index])
        }
        StandardOutput.write("")
        StandardOutput.write(
            table.render { row, column, cell in
                guard row >= 0, column == 2 else { return cell }
                return good[row] ? Style.green(cell) : Style.red(cell)
            }
        )
        return good.count { !$0 }
    }

    /// What a guardrail found in a call or in its answer, by the records under the id that the answer carries.
    private func finding(of outcome: DemoOutcome) async throws -> (words: String, index: String) {
        guard let id = outcome.requestID else { return ("no record", "-") }
        let reader = LogReader(directory: scenario.stateDirectory + "/audit")
        // The completion is recorded a moment after the answer has gone.
        for _ in 0..<50 {
            for entry in try reader.find(id) {
                let guardrail: DecisionRecord.Guardrail? =
                    switch try entry.record() {
                    case .decision(let decision): decision.guardrail
                    case .completion(let completion): completion.guardrail
                    default: nil
                    }
                guard let guardrail, let rule = guardrail.rule, let range = guardrail.range else { continue }
                let more = guardrail.findings.dropFirst().map(\.rule).filter { $0 != rule }
                var words = "\(rule), \(guardrail.field ?? "body") bytes \(ShownRange.text(range))"
                if let action = guardrail.action { words = "\(action): " + words }
                if let other = more.first { words += "; \(other)" }
                return (words, "\(entry.index)")
            }
            try await Task.sleep(for: .milliseconds(50))
        }
        return ("no record", "-")
    }

    /// Changes the model under the running service, prints what became of every model, and says what was not as it must be.
    ///
    /// What is to be kept is left as it was.
    func changeModel(isKept: Bool) async throws -> Int {
        if !isKept { try await models.change(isSealed: isSealed, send) }
        var table = TextTable("MODEL", "MUST", "GOT", "WHY", "ENTRY")
        for row in models.rows { table.rows.append([row.title, row.must, row.got, row.why, row.entry]) }
        let rows = models.rows
        StandardOutput.write("")
        StandardOutput.write(
            table.render { row, column, cell in
                guard row >= 0, column == 2 else { return cell }
                return rows[row].isGood ? Style.green(cell) : Style.red(cell)
            }
        )
        return rows.count { !$0.isGood }
    }

    private func send(_ call: DemoCall) async throws -> DemoOutcome {
        let port = scenario.ports[.inferenceService] ?? 0
        let client = RawClient(group: .singletonMultiThreadedEventLoopGroup, host: "127.0.0.1", port: port)
        switch call.caller {
        case .plaintext: return DemoOutcome(await client.exchange(call.bytes, over: .plaintext))
        case .anonymous: return DemoOutcome(await client.exchange(call.bytes, over: .anonymousTLS))
        case .foreignAuthority:
            let identity = try await foreignIdentity()
            let id = try SPIFFEID(DemoScenario.Workload.inferenceService.id)
            return DemoOutcome(await client.exchange(call.bytes, over: .mutualTLS(identity, expecting: id)))
        case .workload(let workload):
            let process = Process()
            process.executableURL = URL(fileURLWithPath: scenario.program(workload))
            process.arguments = [
                "demo-call", "--workload-api", scenario.workloadSocket, "--port", "\(port)", "--expecting",
                DemoScenario.Workload.inferenceService.id,
            ]
            let input = Pipe()
            let output = Pipe()
            process.standardInput = input
            process.standardOutput = output
            try process.run()
            try input.fileHandleForWriting.write(contentsOf: Data(call.bytes))
            try input.fileHandleForWriting.close()
            let data = try output.fileHandleForReading.readToEnd() ?? Data()
            process.waitUntilExit()
            guard let answer = try? JSONDecoder().decode(DemoCallCommand.Answer.self, from: data) else {
                throw CommandError(.unreachable, "the demo's `\(workload.rawValue)` failed; its messages stand above")
            }
            return DemoOutcome(answer)
        }
    }

    /// The right names, signed by an authority that nobody here trusts; the server is believed by the real bundle.
    private func foreignIdentity() async throws -> TLSIdentity {
        let logger = Logger(label: "demo.foreign")
        let trustDomain = try TrustDomain("cluster.local")
        let directory = scenario.directory + "/foreign"
        try FileManager.default.createDirectory(
            atPath: directory,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        let authority = Authority(
            .init(trustDomain: trustDomain),
            store: SQLiteAuthorityStore(try SQLiteDatabase(path: directory + "/foreign.sqlite")),
            keys: MemoryKeyStore(),
            logger: logger
        )
        try await authority.maintain()
        let issued = try authority.issue(SVIDRequest(id: try SPIFFEID(DemoScenario.Workload.apiGateway.id)))
        let svid = try X509SVID(chainDER: issued.chain, keyPKCS8: issued.privateKey.value)
        let client = WorkloadAPIClient(
            endpoint: try WorkloadEndpoint("unix://" + scenario.workloadSocket),
            logger: logger
        )
        // This process may ask for bundles as the gateway may, being the same program.
        return try TLSIdentity(svid: svid, bundles: try await client.fetchX509Bundles())
    }

    /// What the log says of a call: by the id that the answer carries, else by the newest aggregate refusal.
    private func record(of outcome: DemoOutcome, _ call: DemoCall) async throws -> (why: String, index: String) {
        let reader = LogReader(directory: scenario.stateDirectory + "/audit")
        if let id = outcome.requestID {
            for entry in try reader.find(id) {
                guard case .decision(let decision) = try entry.record() else { continue }
                let rule = decision.policy.map { ": \($0.namespace)/\($0.name), rule \($0.rule)" } ?? ""
                return (decision.reason + rule, "\(entry.index)")
            }
            return ("no record", "-")
        }
        // Refusals before an identity is known are recorded once a second, together.
        for _ in 0..<30 {
            for entry in try reader.tail(20).reversed() {
                guard case .refusals(let refusal) = try entry.record(), !seen.contains(entry.index) else { continue }
                seen.insert(entry.index)
                return ("\(refusal.reason) × \(refusal.count)", "\(entry.index)")
            }
            try await Task.sleep(for: .milliseconds(100))
        }
        return ("no record", "-")
    }

    private var seen: Set<UInt64> = []

    /// Waits until the signed checkpoint covers everything, then hashes the log again.
    func verify() async throws {
        let directory = scenario.stateDirectory + "/audit"
        let reader = LogReader(directory: directory)
        let size = try reader.size()
        for _ in 0..<100 {
            if let checkpoint = try reader.checkpoint(), checkpoint.size >= size { break }
            try await Task.sleep(for: .milliseconds(100))
        }
        let key = try logKey()
        let report = try LogVerifier(directory: directory, keys: [key]).verify()
        if let fault = report.fault { throw CommandError(.unverified, "the log does not verify: \(fault)") }
        StandardOutput.write(
            "\nthe record: \(report.verified) entries hashed again and held against the signed checkpoint: "
                + Style.green("verified")
        )
    }

    /// The key that the log's checkpoints verify with.
    private func logKey() throws -> NoteVerifier {
        guard let data = FileManager.default.contents(atPath: scenario.stateDirectory + "/log.vkey") else {
            throw CommandError(.unverified, "the log's verifier key is missing")
        }
        return try NoteVerifier(
            String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        )
    }

    /// Puts the record to the detectors, and prints what they make of the attacks, with a proof of the record that shows it.
    func showFindings() throws {
        let directory = scenario.stateDirectory + "/audit"
        var monitor = Monitor()
        try MonitorReading.catchUp(&monitor, with: directory, at: ServedPorts(scenario.workloadsByPort))
        let findings = monitor.findings.findings.filter(\.state.isActive)
        guard let worst = findings.max(by: { $0.severity < $1.severity }),
            let record = worst.records.first(where: { $0.source == .lapwing })?.ranges.first?.lowerBound
        else { return }
        StandardOutput.write("\nthe monitor: \(findings.count) findings in the same record")
        FindingOutput.write(findings, .table)
        let proof = try LogReader(directory: directory).proof(of: record)
        guard case .verified = try proof.verify(keys: [logKey()]) else {
            throw CommandError(.unverified, "the proof of record \(record) does not verify")
        }
        StandardOutput.write(
            "record \(record), which shows \(worst.id), is proven to be in the log by \(proof.bytes.count) bytes: "
                + "`lapwing audit proof ID`"
        )
    }

    /// What to try next.
    func suggest(keep: Bool) async throws {
        guard keep else {
            StandardOutput.write(
                """

                next:
                  lapwing demo --keep        leave it running, and see it in the console
                  lapwing init DIR           a commented configuration of your own
                  lapwing policy check DIR   what Istio's webhook says of your YAML, and more
                """
            )
            return
        }
        let places = "--state \(scenario.stateDirectory) --run \(scenario.runtimeDirectory)"
        let door: Gateway_ConsoleDoor = try await AdminClient(
            socket: scenario.runtimeDirectory + "/gateway/gateway.sock",
            service: ServiceName.gatewayAdmin
        ).call("OpenConsole", Gateway_OpenConsoleRequest())
        StandardOutput.write(
            """

            the console, where the attacks are findings with proofs (the link opens it once, within a minute):
              http://\(door.host):\(door.port)/open?token=\(door.token)

            it is running; Ctrl-C stops it. Try, in another terminal:
              lapwing console \(places)                       # another link
              lapwing audit tail -f --state \(scenario.stateDirectory)
              lapwing audit verify --state \(scenario.stateDirectory)
              lapwing alert list --state \(scenario.stateDirectory) --config \(scenario.configDirectory)
              lapwing identity entry list \(places)
              printf x | dd of=\(scenario.models.loaded)/config.json bs=1 conv=notrunc   # the service's SVID goes
              lapwing policy explain --config \(scenario.configDirectory) --gateway inference-service \\
                --from cluster.local/ns/ml-batch/sa/batch-job POST https://inference/v1/predict
              curl http://127.0.0.1:\(scenario.adminPort)/metrics
            """
        )
    }
}
