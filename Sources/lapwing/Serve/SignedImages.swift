import Crypto
import Foundation
import Logging
import ModelTrust
import NIOPosix
import Synchronization
import WorkloadIdentity

/// Who has signed which container image, out of a directory of bundles that is read again whenever it changes.
///
/// A file that nobody who is believed has signed says nothing and is told of once. A directory that cannot be read, or that
/// holds more than is looked at, says nothing at all: no image counts as signed then.
final class SignedImages: ImageSignatureSource {
    let changes = ChangeFeed()

    /// The most files that are read.
    static let maximumFiles = 4096
    /// The largest bundle, in bytes.
    static let maximumFile = 1 << 20
    /// The most bytes of all of them.
    static let maximumBytes = 64 << 20
    /// How often the directory is looked at.
    private static let interval = Duration.seconds(2)
    /// How long what was verified counts before it is verified again: certificates expire.
    private static let freshness: TimeInterval = 60

    /// What tells a directory from what it was before.
    private struct Listing: Hashable {
        struct File: Hashable {
            let name: String
            let size: Int
            let modified: Date
            let number: UInt64
        }

        var files: [File] = []
    }

    private struct State {
        var rules: ImageSignatureRules?
        /// How often the rules were set.
        var edition = 0
        var listing: Listing?
        var readAt = Date.distantPast
        var signers: [String: Set<ImageSigner>] = [:]
        var revision: UInt64 = 0
        /// The files that were told of, by name, with what was said.
        var remarks: [String: String] = [:]
    }

    private let clock: @Sendable () -> Date
    private let logger: Logger
    /// Guards the rules in force and what was read by them.
    private let state = Mutex(State())

    init(clock: @escaping @Sendable () -> Date = { Date() }, logger: Logger) {
        self.clock = clock
        self.logger = logger
    }

    var revision: UInt64 { state.withLock { $0.revision } }

    func signers(of digest: String) -> Set<ImageSigner> { state.withLock { $0.signers[digest] ?? [] } }

    /// Goes by these rules from now on; nil for none.
    func follow(_ rules: ImageSignatureRules?) {
        state.withLock { state in
            state.rules = rules
            state.edition += 1
            state.listing = nil
            state.remarks = [:]
        }
        read()
    }

    /// Reads the directory again until the task is cancelled.
    func run() async {
        while (try? await Task.sleep(for: Self.interval)) != nil {
            // Many signatures take their time.
            try? await NIOThreadPool.singleton.runIfActive { self.read() }
        }
    }

    /// Reads the directory, where it is not as it was.
    func read() {
        let (rules, edition, before, readAt) = state.withLock { ($0.rules, $0.edition, $0.listing, $0.readAt) }
        let now = clock()
        var (signers, remarks): ([String: Set<ImageSigner>], [String: String]) = ([:], [:])
        var listing: Listing?
        if let rules {
            do {
                let found = try Self.list(rules.directory)
                guard found != before || now.timeIntervalSince(readAt) > Self.freshness || now < readAt else { return }
                listing = found
                for file in found.files {
                    do {
                        let bytes = try ModelTrustPolicySet.read(rules.directory + "/" + file.name)
                        guard bytes.count <= Self.maximumFile else {
                            throw CommandError(.refused, "it has more than \(Self.maximumFile) bytes")
                        }
                        let signature = try ImageSignature(bundle: bytes, signers: rules.signers, at: now)
                        let signer = ImageSigner(subject: signature.signer.identity, issuer: signature.signer.issuer)
                        for digest in signature.digests { signers[digest, default: []].insert(signer) }
                    } catch {
                        remarks[file.name] = "\((error as? ModelRefusal)?.message ?? "\(error)")"
                    }
                }
            } catch {
                remarks[rules.directory] = "\(error)"
            }
        }
        take(signers, remarks, listing, of: edition, at: now)
    }

    private func take(
        _ signers: [String: Set<ImageSigner>],
        _ remarks: [String: String],
        _ listing: Listing?,
        of edition: Int,
        at now: Date
    ) {
        let (isChanged, news) = state.withLock { state -> (Bool, [String: String]) in
            // What was verified by rules that are no longer in force says nothing.
            guard state.edition == edition else { return (false, [:]) }
            let news = remarks.filter { state.remarks[$0.key] != $0.value }
            state.remarks = remarks
            state.listing = listing
            state.readAt = now
            guard state.signers != signers else { return (false, news) }
            state.signers = signers
            state.revision += 1
            return (true, news)
        }
        for (name, remark) in news.sorted(by: { $0.key < $1.key }).prefix(20) {
            logger.warning("a signature of images says nothing", metadata: ["file": "\(name)", "reason": "\(remark)"])
        }
        guard isChanged else { return }
        logger.info("signed images known", metadata: ["images": "\(signers.count)"])
        changes.announce()
    }

    private static func list(_ directory: String) throws -> Listing {
        var listing = Listing()
        var bytes = 0
        for name in try FileManager.default.contentsOfDirectory(atPath: directory).sorted() where !name.hasPrefix(".") {
            // What a link leads to is what is read. A file that has just been taken away, or a link to nothing, is one
            // that cannot be read, and hides no other.
            let facts = try? FileManager.default.attributesOfItem(
                atPath: URL(fileURLWithPath: directory + "/" + name).resolvingSymlinksInPath().path
            )
            guard facts.map({ $0[.type] as? FileAttributeType == .typeRegular }) ?? true else { continue }
            let size = (facts?[.size] as? NSNumber)?.intValue ?? 0
            bytes += size
            guard listing.files.count < maximumFiles, bytes <= maximumBytes else {
                throw CommandError(
                    .refused,
                    "`\(directory)` holds more than \(maximumFiles) files, or \(maximumBytes) bytes, and is not read; "
                        + "take out those of images that are no longer used"
                )
            }
            listing.files.append(
                Listing.File(
                    name: name,
                    size: size,
                    modified: facts?[.modificationDate] as? Date ?? .distantPast,
                    number: (facts?[.systemFileNumber] as? NSNumber)?.uint64Value ?? 0
                )
            )
        }
        return listing
    }
}
