import Crypto
import Foundation

/// A directory or file packed as a CNCF ModelPack artifact.
///
/// Every file is a layer of its own, raw, so that the layer's digest is the file's own: what is signed is what is
/// loaded. The same files make the same bytes, whenever and wherever they are packed.
public struct ModelPack: Sendable {
    /// A file and the layer that it is.
    public struct File: Sendable {
        /// Where it is here.
        public let path: String
        /// What the manifest says of it.
        public let descriptor: Descriptor
    }

    /// The files in the order of their paths' bytes.
    public let files: [File]
    /// The configuration's bytes.
    public let config: [UInt8]
    /// What the manifest says of the configuration.
    public let configDescriptor: Descriptor
    /// The manifest's bytes.
    public let manifest: [UInt8]
    /// The manifest's digest.
    public var digest: ContentDigest { ContentDigest(of: manifest) }
    /// The bytes of all files.
    public var size: UInt64 { files.reduce(0) { $0 + $1.descriptor.size } }

    /// The annotation that says where a layer's file belongs (`specs-go/v1/annotations.go`).
    static let pathAnnotation = "org.cncf.model.filepath"
    /// The longest configuration that a registry of ours admits.
    private static let longestConfiguration = 1 << 20
    /// The annotation by which other clients name the file.
    static let titleAnnotation = "org.opencontainers.image.title"

    /// Packs what lies at a path.
    ///
    /// - Parameters:
    ///   - path: a directory, or one file.
    ///   - name: the model's name, for its configuration.
    ///   - leaving: a file that is no part of the model, such as its signature.
    ///   - progress: told how many bytes were hashed.
    /// - Throws: ``RegistryClientError`` for a link, a special file, or a name that cannot be kept.
    public init(path: String, name: String, leaving: String? = nil, progress: (UInt64) -> Void = { _ in }) throws {
        var files: [File] = []
        var done: UInt64 = 0
        for (relative, file) in try Self.files(at: path, leaving: leaving) {
            let (digest, size) = try Self.digest(of: file) { progress(done + $0) }
            done += size
            files.append(
                File(
                    path: file,
                    descriptor: Descriptor(
                        mediaType: Self.mediaType(of: relative),
                        digest: digest,
                        size: size,
                        annotations: [Self.pathAnnotation: relative, Self.titleAnnotation: relative]
                    )
                )
            )
        }
        guard !files.isEmpty else { throw RegistryClientError(.file, "`\(path)` holds no file") }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let config = Array(
            try encoder.encode(
                Config(
                    descriptor: .init(name: name),
                    config: .init(format: Self.format(of: files)),
                    modelfs: .init(diffIds: files.map(\.descriptor.digest.description))
                )
            )
        )
        self.files = files
        self.config = config
        self.configDescriptor = Descriptor(
            mediaType: MediaType.modelConfig,
            digest: ContentDigest(of: config),
            size: UInt64(config.count)
        )
        self.manifest = try ManifestForm(
            artifactType: MediaType.modelManifest,
            config: configDescriptor,
            layers: files.map(\.descriptor)
        ).bytes
        // Each file is a layer, by some 300 bytes of the manifest and 74 of the configuration.
        guard manifest.count <= Manifest.maximumLength, config.count <= Self.longestConfiguration else {
            throw RegistryClientError(
                .file,
                "`\(path)` holds too many files for one artifact: \(files.count), where a registry takes some 14,000; "
                    + "put small files together into archives, or push parts of it by themselves"
            )
        }
    }

    /// The configuration (`schema/config-schema.json` of ModelPack).
    private struct Config: Encodable {
        struct Model: Encodable { let name: String }
        struct Technical: Encodable { let format: String? }
        struct Layers: Encodable {
            let type = "layers"
            let diffIds: [String]
        }
        let descriptor: Model
        let config: Technical
        let modelfs: Layers
    }

    /// The regular files below a path, by their paths from it.
    private static func files(at path: String, leaving: String?) throws -> [(String, String)] {
        let left = leaving.map { URL(fileURLWithPath: $0).standardizedFileURL.resolvingSymlinksInPath().path }
        let manager = FileManager.default
        guard try type(of: path) == .typeDirectory else {
            return [(try checked((path as NSString).lastPathComponent), path)]
        }
        var found: [(String, String)] = []
        var pending = [""]
        while let directory = pending.popLast() {
            for name in try manager.contentsOfDirectory(atPath: path + "/" + directory) {
                let relative = directory.isEmpty ? name : directory + "/" + name
                let full = path + "/" + relative
                if try type(of: full) == .typeDirectory {
                    pending.append(relative)
                } else if URL(fileURLWithPath: full).standardizedFileURL.resolvingSymlinksInPath().path != left {
                    found.append((try checked(relative), full))
                }
            }
        }
        return found.sorted { $0.0.utf8.lexicographicallyPrecedes($1.0.utf8) }
    }

    private static func type(of path: String) throws -> FileAttributeType {
        let type: FileAttributeType?
        do { type = try FileManager.default.attributesOfItem(atPath: path)[.type] as? FileAttributeType } catch {
            throw RegistryClientError(.file, "`\(path)` cannot be read: \(error.localizedDescription)")
        }
        guard type == .typeRegular || type == .typeDirectory, let type else {
            throw RegistryClientError(.file, "`\(path)` is neither a file nor a directory; links are not followed")
        }
        return type
    }

    private static func checked(_ relative: String) throws -> String {
        guard ModelPath(relative) != nil else {
            throw RegistryClientError(.file, "the name `\(relative)` cannot be kept in an artifact")
        }
        return relative
    }

    private static func digest(of path: String, _ progress: (UInt64) -> Void) throws -> (ContentDigest, UInt64) {
        let file = try ClientFile(path)
        var hash = SHA256()
        var offset: UInt64 = 0
        while case let bytes = try file.read(at: offset, count: 1 << 20), !bytes.isEmpty {
            hash.update(data: bytes)
            offset += UInt64(bytes.count)
            progress(offset)
        }
        return (ContentDigest(hash.finalize()), offset)
    }

    // MARK: Kinds of file

    private static let kinds: [(kind: String, suffixes: [String])] = [
        ("doc", [".md", ".rst", ".pdf", ".html", "license", "licence", "notice", "readme", "changelog"]),
        ("code", [".py", ".sh", ".ipynb", ".js", ".ts", ".c", ".cc", ".cpp", ".cu", ".go", ".rs", ".swift", ".lua"]),
        ("dataset", [".csv", ".tsv", ".parquet", ".arrow", ".jsonl", ".tfrecord"]),
        (
            "weight.config",
            [
                ".json", ".yaml", ".yml", ".toml", ".txt", ".jinja", ".cfg", ".ini", ".vocab", ".merges", ".model",
                ".tiktoken",
            ]
        ),
    ]

    /// What kind of layer a file is; one of no other kind is taken for weights.
    static func mediaType(of path: String) -> String {
        let name = path.split(separator: "/").last.map { $0.lowercased() } ?? ""
        let kind = kinds.first {
            $0.suffixes.contains { name.hasSuffix($0) || !$0.hasPrefix(".") && name.hasPrefix($0) }
        }
        return "application/vnd.cncf.model.\(kind?.kind ?? "weight").v1.raw"
    }

    private static func format(of files: [File]) -> String? {
        let formats = [
            ".safetensors": "safetensors", ".gguf": "gguf", ".onnx": "onnx", ".pt": "pytorch", ".pth": "pytorch",
            ".keras": "keras", ".h5": "keras",
        ]
        let found = Set(files.compactMap { file in formats.first { file.path.hasSuffix($0.key) }?.value })
        return found.count == 1 ? found.first : nil
    }
}

/// A manifest as it is written.
struct ManifestForm: Encodable {
    let schemaVersion = 2
    let mediaType = MediaType.imageManifest
    var artifactType: String
    var config: Descriptor
    var layers: [Descriptor]
    var subject: Descriptor?

    /// The manifest's bytes, the same for the same content.
    var bytes: [UInt8] {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return Array(try encoder.encode(self))
        }
    }
}
