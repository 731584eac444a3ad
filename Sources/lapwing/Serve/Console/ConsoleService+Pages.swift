import AuditLog
import Authorization
import Console
import DataAccess
import Foundation
import Gateway
import Glibc
import Monitoring
import MutualTLS
import Registry
import Resources
import SPIFFE
import SwiftProtobuf
import Synchronization
import WireProtos
import WorkloadIdentity
import ZeroTrust

/// The pages, each made of what the process has when it is asked.
extension ConsoleService {
    func page(_ path: ConsolePath, _ viewer: Viewer, _ request: ConsoleRequest) async -> ConsoleResponse {
        let frame = frame(viewer)
        switch path {
        case .overview: return ConsoleResponse(await overview(viewer, frame).page(frame))
        case .graph: return ConsoleResponse(GraphPage(await graph()).page(frame))
        case .findings(let all): return ConsoleResponse(findings(all: all).page(frame))
        case .finding(let id):
            guard let finding = process.monitor.findings.first(where: { $0.id == id }) else { return Self.nothing(id) }
            return ConsoleResponse(await findingPage(finding, viewer).page(frame))
        case .identities(let first):
            var page = await identities(frame.now)
            page.first = first
            return ConsoleResponse(page.page(frame))
        case .policies(let first):
            var page = policies(request)
            page.first = first
            return ConsoleResponse(page.page(frame))
        case .policy(let namespace, let name):
            guard let page = policy(namespace, name) else { return Self.nothing("\(namespace)/\(name)") }
            return ConsoleResponse(page.page(frame))
        case .models: return ConsoleResponse(await modelsPage().page(frame))
        case .datasets(let first):
            var page = datasets()
            page.first = first
            return ConsoleResponse(page.page(frame))
        case .record, .proof, .audit:
            guard viewer.mayReadRecords else {
                acts.record(refused: .readRecords, on: request.path, by: viewer.caller)
                return Self.message(403, "Not with your role", ["The role <code>auditor</code> reads records."])
            }
            return await records(path, frame)
        default: return Self.nothing(path.text)
        }
    }

    static func nothing(_ name: String) -> ConsoleResponse {
        message(404, "Not here", ["There is no <code>\(name)</code>."])
    }

    private func frame(_ viewer: Viewer) -> Frame {
        var frame = Frame(now: .now())
        frame.node = process.settings.node.value
        frame.trustDomain = process.settings.trustDomain.value.name
        frame.viewer = viewer.caller.description
        frame.formToken = viewer.formToken
        frame.version = Version.current
        return frame
    }

    var configuration: Configuration { process.running.withLock { $0.configuration } }

    // MARK: - Page one

    private func overview(_ viewer: Viewer, _ frame: Frame) async -> Overview {
        let view = await feed.update(Callees(process))
        let now = frame.now
        let findings = process.monitor.findings
        var page = Overview()
        page.findings = self.findings(all: false).findings
        page.facts = facts(view.picture, await models.read(isServed: configuration.registry != nil), now)
        page.graph = Self.graph(view.picture, configuration)
        page.minutes = view.picture.recent(at: now)
        page.uses = view.picture.uses.map { use, tally in
            Overview.ModelUse(
                caller: use.caller == "anonymous@" ? "no identity" : use.caller,
                model: use.model,
                count: tally.count,
                refused: tally.refused,
                first: tally.first,
                last: tally.last,
                isNew: Self.isNew(use, in: findings)
            )
        }.sorted { ($1.last.nanoseconds, $0.caller, $0.model) < ($0.last.nanoseconds, $1.caller, $1.model) }
        if viewer.mayReadRecords { page.rows = view.picture.rows.suffix(12).reversed().map { RecordRow($0) } }
        page.last = view.picture.rows.last?.entry ?? 0
        page.source =
            view.first == 0
            ? "Counts are of all \(Count.text(view.next)) entries of the log."
            : "Counts are of the newest \(Count.text(view.next - view.first)) entries of the log, from entry \(view.first) on."
        if view.picture.dropped > 0 {
            page.source +=
                " \(Count.text(view.picture.dropped)) sightings are in no count, since there were too many names."
        }
        if !view.problem.isEmpty {
            page.source += " The log could not be read further: \(view.problem)."
            page.facts.append(Overview.Fact("Reading the log", "failed", view.problem, .bad))
        }
        return page
    }

    /// A use is new where the monitor says so, in a finding that is open.
    static func isNew(_ use: TrafficPicture.Use, in findings: [Finding]) -> Bool {
        let model = use.model.hasPrefix("behind ") ? "route:" + use.model.dropFirst(7) : use.model
        // Callers without an identity are one in the picture; findings have their addresses.
        let isAnonymous = use.caller == "anonymous@"
        return findings.contains { finding in
            finding.type == .firstModelAccess && finding.state.isActive
                && (isAnonymous ? finding.subject.hasPrefix(use.caller) : finding.subject == use.caller)
                && (finding.object == model || finding.members.contains("\(finding.subject) \(model)"))
        }
    }

    private func graph() async -> ServiceGraph {
        Self.graph(await feed.update(Callees(process)).picture, configuration)
    }

    private static func graph(_ picture: TrafficPicture, _ configuration: Configuration) -> ServiceGraph {
        ServiceGraph(declared: DeclaredPath.all(of: configuration), seen: picture.paths)
    }

    private func facts(
        _ picture: TrafficPicture,
        _ held: ConsoleModels.Held,
        _ now: Timestamp
    ) -> [Overview.Fact] {
        let all = picture.secured + picture.plaintext
        let share = all == 0 ? 0 : Double(picture.secured) / Double(all) * 100
        let mutualTLS =
            all == 0
            ? Overview.Fact("Over mutual TLS", "–", "nobody has called yet", .idle)
            : Overview.Fact(
                "Over mutual TLS",
                picture.plaintext == 0 ? "100 %" : String(format: "%.1f %%", min(share, 99.9)),
                picture.plaintext == 0
                    ? all == 1 ? "the one request that there was" : "all of \(Count.text(all)) requests"
                    : "\(Count.text(picture.plaintext)) of \(Count.text(all)) in plaintext",
                picture.plaintext == 0 ? .ok : .warn
            )
        let open = configuration.gateways.filter { !isDefaultDeny($0) }.map(\.name)
        let count = configuration.gateways.count
        let defaultDeny = Overview.Fact(
            "Default deny",
            open.isEmpty ? "on" : "off",
            open.isEmpty ? "at \(count) gateway\(count == 1 ? "" : "s")" : "at \(open.joined(separator: ", "))",
            open.isEmpty ? .ok : .bad
        )
        let models = Self.models(held.rows, provenBy: picture.loaded.keys.map { ($0.digest, $0.signer) })
        return [mutualTLS, defaultDeny, models, certificates(picture, now)] + logFacts()
    }

    /// Models without a signature: those of the registry that may be loaded, since they were admitted and have a tag, and
    /// those that the certificates of callers name.
    ///
    /// What a workload has loaded and proves to nobody is not known here, and not counted.
    ///
    /// - Parameters:
    ///   - rows: the registry's models; nil where they cannot be read.
    ///   - proven: the digests, and who signed them, of what callers have proved to have loaded.
    /// - Returns: the line of the posture.
    static func models(_ rows: [ModelsPage.Row]?, provenBy proven: [(digest: String, signer: String?)]) -> Overview.Fact
    {
        let released = (rows ?? []).filter { $0.isAdmitted && !$0.tags.isEmpty }
        let bare = released.filter { row in !row.referrers.contains { $0.contains("sigstore.bundle") } }
        let signed = Set(proven.filter { $0.signer != nil }.map(\.digest))
        let unsigned = Set(bare.map(\.digest)).union(proven.filter { $0.signer == nil }.map(\.digest))
            .subtracting(signed)
        let loaded = Set(proven.map(\.digest)).count
        let all = Set(released.map(\.digest)).count
        var words: [String] = []
        if rows != nil { words.append("of \(all) that the registry gives out") }
        words.append(
            loaded == 0 ? "no caller proves what it has loaded" : "callers prove \(loaded) that they have loaded"
        )
        return Overview.Fact(
            "Unsigned models",
            "\(unsigned.count)",
            words.joined(separator: "; "),
            !unsigned.isEmpty ? .bad : loaded + all == 0 ? .idle : .ok
        )
    }

    /// The gateways' own certificates, and those that the newest records tell of.
    private func certificates(_ picture: TrafficPicture, _ now: Timestamp) -> Overview.Fact {
        var near: Set<String> = []
        var over: Set<String> = []
        var known: Set<String> = []
        for (id, issuance) in picture.issued {
            let left = issuance.expires.nanoseconds - now.nanoseconds
            let life = issuance.expires.nanoseconds - issuance.issued.nanoseconds
            // One that has ended and was not renewed is of a workload that is gone.
            guard left > 0 else { continue }
            known.insert(id)
            if left < life / 5 { near.insert(id) }
        }
        for gateway in configuration.gateways {
            guard let svid = try? process.identities.identity(of: gateway).svid else { continue }
            let id = svid.id.description
            known.insert(id)
            let left = svid.notAfter.timeIntervalSinceNow
            if left <= 0 { over.insert(id) }
            if left < svid.notAfter.timeIntervalSince(svid.notBefore) / 5 { near.insert(id) } else { near.remove(id) }
        }
        let first = near.min().map(RecordRow.short) ?? ""
        let others = near.count - 1
        let who = others == 0 ? "\(first) has" : "\(first) and \(others) other\(others == 1 ? "" : "s") have"
        return Overview.Fact(
            "SVIDs near end",
            "\(near.count)",
            near.isEmpty ? "of \(known.count) that are in force" : "\(who) under a fifth left",
            !over.isEmpty ? .bad : near.isEmpty ? .ok : .warn
        )
    }

    private func logFacts() -> [Overview.Fact] {
        let stats = process.log.stats
        let size = Overview.Fact(
            "Records",
            Count.text(stats.acknowledged),
            stats.failure.map { "the log has failed: \($0)" } ?? "durable; none is altered unseen",
            stats.failure == nil ? .ok : .bad,
            key: "log"
        )
        let limit = configuration.monitorPolicy.settings.checkpointAge
        let isLate = stats.checkpointLag > limit
        let waiting = stats.acknowledged - min(stats.checkpointSize, stats.acknowledged)
        let checkpoint = Overview.Fact(
            "Checkpoint's age",
            stats.checkpointAge.map { Count.span($0) } ?? "none",
            isLate
                ? "\(Count.text(waiting)) records wait for one since \(Count.span(stats.checkpointLag))"
                : waiting == 0 ? "it covers every record" : "\(Count.text(waiting)) records wait for the next",
            isLate ? .bad : stats.checkpointAge == nil ? .idle : .ok,
            key: "checkpoint"
        )
        let policy = configuration.auditPolicy.witnesses
        let witnesses: Overview.Fact
        if let policy {
            let all = policy.witnesses.count
            let faults = min(stats.witnesses?.faults ?? all, all)
            witnesses = Overview.Fact(
                "Witnesses",
                "\(all - faults) of \(all)",
                stats.witnesses == nil
                    ? "none has cosigned yet" : faults == 0 ? "all cosign" : "the others did not cosign",
                stats.witnesses == nil || faults == all ? .bad : faults == 0 ? .ok : .warn
            )
        } else {
            witnesses = Overview.Fact("Witnesses", "none", "who takes this node over could rewrite its past", .warn)
        }
        return [size, checkpoint, witnesses]
    }

    func isDefaultDeny(_ gateway: GatewayConfiguration) -> Bool {
        if gateway.compatibility == .strict { return true }
        return (try? configuration.engine(for: gateway))?.policies.contains { $0.action == .allow && !$0.isDryRun }
            ?? true
    }

    // MARK: - Identities, models, datasets

    private func identities(_ now: Timestamp) async -> IdentitiesPage {
        let picture = await feed.update(Callees(process)).picture
        var page = IdentitiesPage()
        if mayListEntries {
            do {
                let answer: Admin_ListEntriesResponse = try await AdminClient(authority: process.settings)
                    .call("ListEntries", Admin_ListEntriesRequest())
                page.rows = answer.entries.map { entry in
                    row(
                        entry.name,
                        entry.spiffeID,
                        entry.selectors,
                        entry.hasTtl ? Double(entry.ttl.seconds) : nil,
                        entry.source == .file ? shortPlace(entry.location) : "by command",
                        picture,
                        now
                    )
                }
                return page
            } catch {
                page.note =
                    "The authority could not be asked, so that only entries of files are here: \(Self.words(error))"
            }
        } else {
            page.note = """
                Entries that were made by command are not here: the gateway runs as another user than the authority, and no \
                AdminPolicy lets that user list entries.
                """
        }
        let places = Dictionary(
            configuration.documents.filter { $0.kind == WorkloadEntry.kind }.map { ($0.metadata.name, $0.location) },
            uniquingKeysWith: { first, _ in first }
        )
        page.rows = configuration.entries.map { entry in
            row(
                entry.name,
                entry.id.description,
                entry.selectors.map(\.description).sorted(),
                entry.lifetime,
                places[entry.name].map { shortPlace("\($0.file):\($0.line)") } ?? "",
                picture,
                now
            )
        }
        return page
    }

    /// Whether the authority would answer: what it refuses it records, which a look at a page is not worth.
    private var mayListEntries: Bool {
        guard process.settings.gatewayUser.value != nil else { return true }
        return configuration.adminPolicy.permits(.user(geteuid()), .listEntries, owner: 0)
    }

    private func row(
        _ name: String,
        _ id: String,
        _ selectors: [String],
        _ lifetime: Double?,
        _ source: String,
        _ picture: TrafficPicture,
        _ now: Timestamp
    ) -> IdentitiesPage.Row {
        var words = "none in the newest records"
        var state = Overview.Fact.State.idle
        if let issuance = picture.issued[id] {
            let left = Double(issuance.expires.nanoseconds - now.nanoseconds) / 1e9
            let life = Double(issuance.expires.nanoseconds - issuance.issued.nanoseconds) / 1e9
            words = left > 0 ? "ends in \(Count.span(left))" : "ended \(Count.span(-left)) ago"
            state = left <= 0 ? .idle : left < life / 5 ? .warn : .ok
        }
        return IdentitiesPage.Row(
            name: name,
            id: id,
            selectors: selectors,
            source: source,
            lifetime: lifetime.map { Count.span($0) } ?? "",
            certificate: words,
            state: state
        )
    }

    private func modelsPage() async -> ModelsPage {
        let picture = await feed.update(Callees(process)).picture
        let configuration = configuration
        var page = ModelsPage()
        let held = await models.read(isServed: configuration.registry != nil)
        page.rows = held.rows
        page.releases = held.releases
        page.note = held.note
        page.loaded = picture.loaded.keys.map { ($0.identity, $0.digest, $0.signer) }
            .sorted { ($0.identity, $0.digest) < ($1.identity, $1.digest) }
        page.requirements = (configuration.registry?.repositories ?? []).map { rule in
            let names = rule.admission.names
            return (
                rule.pattern.description,
                names.isEmpty ? "nothing: whatever is pushed is admitted" : names.joined(separator: ", ")
            )
        }
        return page
    }

    private func datasets() -> DatasetsPage {
        var page = DatasetsPage()
        page.estates = ((try? Estate.load(configuration.documents)) ?? []).map { estate in
            var section = DatasetsPage.Section(name: estate.name)
            section.invariants = estate.invariants.map(\.id)
            let byDataset = Dictionary(grouping: estate.accesses) { $0.resource.dataset ?? "" }
            section.rows = estate.datasets.map { dataset in
                var row = DatasetsPage.Row()
                row.name = dataset.name
                row.classification = dataset.classification
                row.purposes = dataset.purposes
                row.producer = dataset.producer
                row.stores = dataset.stores.map { store in
                    switch store {
                    case .s3(let objects): "s3://\(objects.bucket)/\(objects.prefix)"
                    case .postgres(let table): "\(table.database): \(table.schema).\(table.name)"
                    }
                }
                row.isSigned = dataset.isSigned
                row.place = shortPlace("\(dataset.location.file):\(dataset.location.line)")
                for access in byDataset[dataset.name] ?? [] {
                    let words = "\(access.component) (\(access.layer.rawValue))"
                    if access.verb.isWrite {
                        if !row.writers.contains(words) { row.writers.append(words) }
                    } else if !row.readers.contains(words) {
                        row.readers.append(words)
                    }
                }
                return row
            }
            return section
        }
        return page
    }

    /// A place in a file of the configuration, as seen from its directory.
    func shortPlace(_ place: String) -> String {
        let directory = process.settings.config.value + "/"
        return place.hasPrefix(directory) ? String(place.dropFirst(directory.count)) : place
    }

    /// An error's words for a page.
    static func words(_ error: any Error) -> String {
        switch error {
        case let error as CommandError: error.message
        case let error as AuditLogError: error.message
        default: "\(error)"
        }
    }
}

extension Access.Verb {
    /// Whether data changes by it.
    fileprivate var isWrite: Bool { self == .append || self == .write }
}
