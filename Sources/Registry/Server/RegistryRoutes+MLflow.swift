import NIOHTTP1
import ZeroTrust

extension RegistryRoutes {
    /// The part of MLflow's REST API (2.0) with which its client reads models and their versions.
    ///
    /// A registered model is a repository, its versions are the models that were pushed to it, numbered in the order of
    /// their first pushes, and its aliases are tags. Nothing is written by this way: models come by being pushed.
    func mlflow(_ request: RegistryRequest, _ path: [String]) async throws -> RegistryResponse {
        do {
            switch (request.method, path.joined(separator: "/")) {
            case (.GET, "registered-models/get"): return try await registeredModel(request)
            case (.GET, "registered-models/search"): return try await searchModels(request)
            case (.GET, "registered-models/alias"): return try await aliased(request)
            case (.GET, "model-versions/get"):
                struct Answer: Encodable { let model_version: MLflowVersion }
                return try .json(Answer(model_version: try await version(request)))
            case (.GET, "model-versions/get-download-uri"):
                struct Answer: Encodable { let artifact_uri: String }
                return try .json(Answer(artifact_uri: try await version(request).source))
            case (.GET, "model-versions/search"): return try await searchVersions(request)
            default:
                throw MLflowError(404, "ENDPOINT_NOT_FOUND", "this registry is read through MLflow's API, and only so")
            }
        } catch let error as RegistryError {
            switch error.status {
            case 403: return try MLflowError(403, "PERMISSION_DENIED", error.message).response
            case 404: return try MLflowError(404, "RESOURCE_DOES_NOT_EXIST", error.message).response
            case 400: return try MLflowError(400, "INVALID_PARAMETER_VALUE", error.message).response
            default: return try MLflowError(error.status, "TEMPORARILY_UNAVAILABLE", error.message).response
            }
        } catch let error as MLflowError {
            return try error.response
        }
    }

    private func versions(_ request: RegistryRequest, _ text: String?) async throws -> [MLflowVersion] {
        guard let text, let name = RepositoryName(text) else {
            throw MLflowError(400, "INVALID_PARAMETER_VALUE", "`name` is no name of a repository")
        }
        let host = request.headers.first(name: "host") ?? "registry"
        return try await registry.models(in: name, by: request.caller).map { MLflowVersion($0, name: text, host: host) }
    }

    private func version(_ request: RegistryRequest) async throws -> MLflowVersion {
        let number = request.query["version"] ?? ""
        guard let found = try await versions(request, request.query["name"]).first(where: { $0.version == number })
        else { throw MLflowError(404, "RESOURCE_DOES_NOT_EXIST", "there is no version `\(number.prefix(20))`") }
        return found
    }

    private func aliased(_ request: RegistryRequest) async throws -> RegistryResponse {
        struct Answer: Encodable { let model_version: MLflowVersion }
        let alias = request.query["alias"] ?? ""
        guard
            let found = try await versions(request, request.query["name"]).first(where: { $0.aliases.contains(alias) })
        else { throw MLflowError(404, "RESOURCE_DOES_NOT_EXIST", "there is no alias `\(alias.prefix(128))`") }
        return try .json(Answer(model_version: found))
    }

    private func registeredModel(_ request: RegistryRequest) async throws -> RegistryResponse {
        struct Answer: Encodable { let registered_model: MLflowModel }
        guard let model = MLflowModel(try await versions(request, request.query["name"])) else {
            throw MLflowError(404, "RESOURCE_DOES_NOT_EXIST", "there is no such registered model")
        }
        return try .json(Answer(registered_model: model))
    }

    private func searchModels(_ request: RegistryRequest) async throws -> RegistryResponse {
        struct Answer: Encodable {
            let registered_models: [MLflowModel]
            let next_page_token: String?
        }
        let filter = try MLflowFilter(request.query["filter"])
        let page = try MLflowPage(request)
        let names = try await registry.repositories(by: request.caller).map(\.description)
            .filter { $0 > page.after && filter.matches($0) }
        var models: [MLflowModel] = []
        for name in names where models.count <= page.count {
            // One who may only delete there sees no models.
            if let model = try? MLflowModel(await versions(request, name)) { models.append(model) }
        }
        let shown = Array(models.prefix(page.count))
        return try .json(
            Answer(registered_models: shown, next_page_token: models.count > shown.count ? shown.last?.name : nil)
        )
    }

    private func searchVersions(_ request: RegistryRequest) async throws -> RegistryResponse {
        struct Answer: Encodable {
            let model_versions: [MLflowVersion]
            let next_page_token: String?
        }
        let filter = try MLflowFilter(request.query["filter"])
        let page = try MLflowPage(request)
        var found: [MLflowVersion] = []
        for name in try await registry.repositories(by: request.caller).map(\.description) where filter.matches(name) {
            if let versions = try? await versions(request, name) { found += versions }
        }
        guard let start = page.after.isEmpty ? 0 : Int(page.after), (0...found.count).contains(start) else {
            throw MLflowError(400, "INVALID_PARAMETER_VALUE", "`page_token` is none of ours")
        }
        let end = min(start + page.count, found.count)
        return try .json(
            Answer(model_versions: Array(found[start..<end]), next_page_token: end < found.count ? String(end) : nil)
        )
    }
}

/// A registered model in MLflow's words.
struct MLflowModel: Encodable {
    struct Alias: Encodable { let alias, version: String }

    let name: String
    let creation_timestamp: Int64
    let last_updated_timestamp: Int64
    let latest_versions: [MLflowVersion]
    let aliases: [Alias]
    let tags: [String] = []

    /// The model of some versions; nil where there is none.
    init?(_ versions: [MLflowVersion]) {
        guard let first = versions.first, let last = versions.last else { return nil }
        name = first.name
        creation_timestamp = first.creation_timestamp
        last_updated_timestamp = last.creation_timestamp
        latest_versions = [last]
        aliases = versions.flatMap { version in
            version.aliases.map { Alias(alias: $0, version: version.version) }
        }
    }
}

/// A version of a model in MLflow's words.
struct MLflowVersion: Encodable {
    let name: String
    let version: String
    let creation_timestamp: Int64
    let last_updated_timestamp: Int64
    let user_id: String
    let current_stage = "None"
    let source: String
    let status: String
    let status_message: String
    let aliases: [String]
    let tags: [String] = []

    init(_ model: RegisteredModel, name: String, host: String) {
        self.name = name
        version = String(model.version)
        creation_timestamp = Int64(model.stored.pushedAt.milliseconds)
        last_updated_timestamp = creation_timestamp
        user_id = model.stored.pushedBy
        source = "oci://\(host)/\(name)@\(model.stored.digest)"
        aliases = model.tags.map(\.description)
        switch model.stored.state {
        case .admitted: (status, status_message) = ("READY", "")
        case .quarantined(let reasons):
            (status, status_message) = ("PENDING_REGISTRATION", "in quarantine: " + reasons.joined(separator: "; "))
        }
    }
}

/// A refusal in MLflow's form.
struct MLflowError: Error {
    let status: Int
    let code: String
    let message: String

    init(_ status: Int, _ code: String, _ message: String) {
        self.status = status
        self.code = code
        self.message = message
    }

    var response: RegistryResponse {
        get throws {
            struct Form: Encodable { let error_code, message: String }
            return try .json(Form(error_code: code, message: message), status: status)
        }
    }
}

/// Which part of a list MLflow's client asks for.
private struct MLflowPage {
    let count: Int
    let after: String

    init(_ request: RegistryRequest) throws {
        let text = request.query["max_results"] ?? "100"
        guard let count = ByteRange.number(text[...]).map(Int.init), count > 0 else {
            throw MLflowError(400, "INVALID_PARAMETER_VALUE", "`max_results` is no number above zero")
        }
        self.count = min(count, 1000)
        self.after = request.query["page_token"] ?? ""
    }
}
