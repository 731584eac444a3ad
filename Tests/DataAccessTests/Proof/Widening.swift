import Foundation

@testable import DataAccess

/// Changes generated AWS policies so that they let through more than they should.
struct Widening {
    var files: [String: [UInt8]]
    private(set) var description = ""
    private var random: Seeded

    init(files: [String: [UInt8]], seed: UInt64) {
        self.files = files
        self.random = Seeded(seed)
    }

    private typealias Object = [String: Any]

    /// Makes one change; nil where what was drawn cannot be done to these files.
    mutating func apply() -> Bool {
        switch random.below(18) {
        case 0: edit("roles/*/policy") { statement, _ in statement["Resource"] = "*" }
        case 1: edit("roles/*/policy") { statement, _ in statement["Action"] = "s3:*" }
        case 2: edit("roles/*/policy") { statement, _ in statement["Action"] = "*" }
        case 3:
            edit("roles/*/policy") { statement, _ in
                statement["NotAction"] = statement.removeValue(forKey: "Action") == nil ? "x:y" : "iam:*"
            }
        case 4:
            edit("roles/*/policy") { statement, _ in
                statement["NotResource"] =
                    statement.removeValue(forKey: "Resource") == nil ? "" : "arn:aws:s3:::nowhere"
            }
        case 5: edit("roles/*/policy") { statement, _ in statement["Resource"] = "arn:aws:s3:::*/*" }
        case 6: extraPolicy(["s3:GetObject"], "arn:aws:s3:::shop-*/*")
        case 7: extraPolicy(["iam:PutRolePolicy"], "*")
        case 8: extraPolicy(["iam:PassRole", "sts:AssumeRole"], "*")
        case 9: dropDeny()
        case 10: allow(["Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"])
        case 11:
            allow([
                "Effect": "Allow", "Principal": ["AWS": "arn:aws:iam::999999999999:root"], "Action": "s3:*",
                "Condition": ["IpAddress": ["aws:SourceIp": "0.0.0.0/0"]],
            ])
        case 12:
            edit("buckets/*/policy") { statement, random in
                guard var condition = statement["Condition"] as? Object,
                    let inner = condition["ArnNotEquals"] as? Object,
                    let roles = inner["aws:PrincipalArn"]
                else { return }
                let more = random.pick(["arn:aws:iam::123456789012:role/*", "arn:aws:iam::*:role/a*"])
                condition["ArnNotEquals"] = nil
                condition["ArnNotLike"] = ["aws:PrincipalArn": ((roles as? [Any]) ?? [roles]) + [more]]
                statement["Condition"] = condition
            }
        case 13:
            edit("buckets/*/policy") { statement, _ in
                guard let resource = statement["Resource"] as? String, statement["Effect"] as? String == "Deny" else {
                    return
                }
                statement["Resource"] = resource.replacing("*", with: "x*") + (resource.contains("*") ? "" : "x")
            }
        case 14: publicAccess()
        case 15: trust()
        case 16: shortenDeny()
        default: endpoint()
        }
    }

    // MARK: - The changes

    private mutating func edit(_ kind: String, _ alter: (inout Object, inout Seeded) -> Void) -> Bool {
        let parts = kind.split(separator: "/").map(String.init)
        let paths = files.keys.filter { $0.hasPrefix(parts[0] + "/") && $0.contains("/" + parts[2]) }.sorted()
        guard !paths.isEmpty else { return false }
        let path = random.pick(paths)
        return change(path) { document, random in
            guard var statements = document["Statement"] as? [Object], !statements.isEmpty else { return }
            let index = random.below(statements.count)
            alter(&statements[index], &random)
            document["Statement"] = statements
        }
    }

    private mutating func change(_ path: String, _ alter: (inout Object, inout Seeded) -> Void) -> Bool {
        guard let bytes = files[path], var document = parse(bytes) else { return false }
        let before = serialize(document)
        alter(&document, &random)
        let after = serialize(document)
        guard before != after else { return false }
        files[path] = after
        description += "\(path): \(String(decoding: after, as: UTF8.self).prefix(2000))"
        return true
    }

    private func parse(_ bytes: [UInt8]) -> Object? {
        (try? JSONSerialization.jsonObject(with: Data(bytes))) as? Object
    }

    private func serialize(_ object: Object) -> [UInt8] {
        Array((try? JSONSerialization.data(withJSONObject: object, options: .sortedKeys)) ?? Data())
    }

    private mutating func extraPolicy(_ actions: [String], _ resource: String) -> Bool {
        let roles = Set(files.keys.filter { $0.hasPrefix("roles/") }.map { $0.split(separator: "/")[1] }).sorted()
        let path = "roles/\(random.pick(roles))/policy-9.json"
        let statement: Object = ["Effect": "Allow", "Action": actions, "Resource": resource]
        files[path] = serialize(["Version": "2012-10-17", "Statement": [statement]])
        description = "\(path): \(actions) on \(resource)"
        return true
    }

    private mutating func dropDeny() -> Bool {
        let path = random.pick(files.keys.filter { $0.hasPrefix("buckets/") && $0.hasSuffix("/policy.json") }.sorted())
        return change(path) { document, random in
            guard var statements = document["Statement"] as? [Object] else { return }
            // Without an Allow there would be less, not more.
            let denials = statements.indices.filter { statements[$0]["Effect"] as? String == "Deny" }
            statements.remove(at: random.pick(denials))
            document["Statement"] = statements
        }
    }

    /// A Deny that is about fewer actions.
    private mutating func shortenDeny() -> Bool {
        edit("buckets/*/policy") { statement, random in
            guard statement["Effect"] as? String == "Deny" else { return }
            guard var actions = statement["Action"] as? [String] else {
                let isAll = statement["Action"] as? String == "s3:*"
                statement["Action"] = isAll ? ["s3:GetObject*", "s3:PutObject*"] : ["s3:GetObject"]
                return
            }
            // These two change no object by themselves.
            let rights = ["s3:BypassGovernanceRetention", "s3:ObjectOwnerOverrideToBucketOwner"]
            actions.remove(at: random.pick(actions.indices.filter { !rights.contains(actions[$0]) }))
            statement["Action"] = actions
        }
    }

    /// A statement that allows something, and the Denies that stood against it gone.
    private mutating func allow(_ statement: Object) -> Bool {
        let path = random.pick(files.keys.filter { $0.hasPrefix("buckets/") && $0.hasSuffix("/policy.json") }.sorted())
        var statement = statement
        statement["Resource"] = "arn:aws:s3:::\(path.split(separator: "/")[1])/*"
        return change(path) { document, random in
            var statements = document["Statement"] as? [Object] ?? []
            statements.removeAll { ($0["Sid"] as? String)?.hasPrefix("Readers") == true }
            document["Statement"] = statements + [statement]
        }
    }

    private mutating func publicAccess() -> Bool {
        let path = random.pick(files.keys.filter { $0.hasSuffix("public-access-block.json") }.sorted())
        return change(path) { document, random in
            document[random.pick(AWSArtifacts.publicAccessSettings)] = false
        }
    }

    private mutating func trust() -> Bool {
        let path = random.pick(files.keys.filter { $0.hasSuffix("trust.json") }.sorted())
        return change(path) { document, random in
            guard var statements = document["Statement"] as? [Object], statements[0]["Effect"] as? String == "Allow"
            else {
                document["Statement"] = [
                    ["Effect": "Allow", "Principal": ["AWS": "*"], "Action": "sts:AssumeRole"] as Object
                ]
                return
            }
            switch random.below(4) {
            case 0: statements[0]["Condition"] = nil
            case 1: statements[0]["Principal"] = ["AWS": "arn:aws:iam::999999999999:root"]
            case 2:
                statements[0]["Condition"] = ["StringLike": ["aws:RequestTag/kubernetes-namespace": "*"]]
            default:
                statements.append(["Effect": "Allow", "Principal": ["AWS": "*"], "Action": "sts:AssumeRole"])
            }
            if random.below(2) == 0, statements[0]["Principal"] is Object, statements.count == 1 {
                statements[0]["Action"] = "sts:*"
            }
            document["Statement"] = statements
        }
    }

    private mutating func endpoint() -> Bool {
        change("endpoints/s3.json") { document, random in
            guard var statements = document["Statement"] as? [Object] else { return }
            statements[0]["Condition"] = nil
            switch random.below(3) {
            case 0: statements[0]["Resource"] = "*"
            case 1:
                let roles = ["scorer", "trainer", "unnamed"].map { "arn:aws:iam::123456789012:role/\($0)" }
                statements[0]["Principal"] = ["AWS": random.pick(roles)]
                statements[0]["Action"] = random.pick(["s3:GetObject", "s3:DeleteObject", "s3:ListBucket"])
            default: break
            }
            document["Statement"] = statements
        }
    }
}
