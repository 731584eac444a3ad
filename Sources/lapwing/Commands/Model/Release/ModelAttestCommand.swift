import ArgumentParser
import Foundation
import ModelTrust
import ZeroTrust

/// `lapwing model attest`: say something about a model, and sign it.
struct ModelAttestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attest",
        abstract: "Say how a model was evaluated, trained or scanned, and sign it.",
        discussion: """
            The model is verified first: nobody vouches for bytes that were not. What is said is written as an in-toto \
            statement into PATH.evidence, or where --evidence says.

            --evaluation takes JSON such as {"suite": "holdout", "metrics": {"accuracy": 0.94}, "dataset": {"name": \
            "test-data", "digest": {"sha256": "…"}}, "evaluatedAt": "2026-11-25T12:00:00Z"}; --provenance takes SLSA \
            provenance 1.0 with the datasets as resolvedDependencies; --scan scans the model here and now.
            """
    )

    @OptionGroup var model: PolicedModel

    @Option(help: "A file with the results of an evaluation.", completion: .file())
    var evaluation: String?

    @Option(help: "A file that says how the model was trained: SLSA provenance.", completion: .file())
    var provenance: String?

    @Flag(help: "Scan the model here and now, and attest to what was found.")
    var scan = false

    @Option(help: "The folder for what is said; PATH.evidence unless said.", completion: .directory)
    var evidence: String?

    @OptionGroup var identity: SigningIdentity
    @OptionGroup var chatter: ModelChatter

    func validate() throws {
        guard [evaluation != nil, provenance != nil, scan].count(where: \.self) == 1 else {
            throw ValidationError("give one of --evaluation, --provenance and --scan")
        }
    }

    func run() async throws {
        let policies = try model.policies.load()
        let subject = try model.verified(policies, chatter)
        let type: AttestationType = scan ? .scan : evaluation != nil ? .evaluation : .provenance
        let predicate =
            scan ? try scanned(subject, policies) : Array(try InputFile.text(evaluation ?? provenance ?? "").utf8)
        let bundle: [UInt8]
        do {
            bundle = try StatementSigner(credential: try await identity.credential(chatter)).attest(
                subject,
                type: type,
                predicate: predicate,
                timestamp: try identity.timestamp()
            )
        } catch let refusal as ModelRefusal {
            // The file is the predicate, and its fields are at its top.
            let message = refusal.message.replacing("`predicate.", with: "`")
            throw CommandError(.usage, "\(evaluation ?? provenance ?? "the scan"): \(message)")
        }
        let place = try EvidenceFolder(path: evidence ?? model.model.path + ".evidence")
            .add(bundle, named: type.rawValue)
        try ReleaseOutput.wrote(place, about: subject, chatter)
    }

    /// What a scan says of the model; verified once more behind it, so that it was of these bytes.
    private func scanned(_ subject: NamedArtifact, _ policies: ModelTrustPolicySet) throws -> [UInt8] {
        let tree = ScanTree(model.model.path)
        let bar = ProgressBar(label: "scanning", unit: "files")
        let supervisor = ScanSupervisor(tree.entries, memory: 1 << 30) { done in
            if !chatter.quiet { bar.show(UInt64(done), of: UInt64(tree.entries.count)) }
        }
        let report = ScanReport(files: try supervisor.run(), findings: tree.findings)
        bar.finish()
        guard try model.verified(policies, chatter) == subject else {
            throw CommandError(.unverified, "`\(model.model.path)` was changed while it was scanned")
        }
        return ScanResult(verdict: report.verdict, scanner: "lapwing \(Version.current)", scannedAt: .now()).json
    }
}
