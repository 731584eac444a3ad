import CloudIdentity
import Foundation
import Testing
import ZeroTrust

@Suite(.timeLimit(.minutes(5))) struct CloudTargetTests {
    @Test func `each cloud has its audience and its SDK's variables`() throws {
        let provider = "projects/1/locations/global/workloadIdentityPools/p/providers/x"
        let cases: [(CloudTarget, String, [String: String])] = [
            (
                .aws(roleARN: "arn:aws:iam::123456789012:role/r", sessionName: "s"), "sts.amazonaws.com",
                [
                    "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/r", "AWS_WEB_IDENTITY_TOKEN_FILE": "/t",
                    "AWS_ROLE_SESSION_NAME": "s",
                ]
            ),
            (
                .google(provider: provider, serviceAccount: nil), "https://iam.googleapis.com/" + provider,
                ["GOOGLE_APPLICATION_CREDENTIALS": "/c"]
            ),
            (
                .azure(tenantID: "t", clientID: "c"), "api://AzureADTokenExchange",
                ["AZURE_TENANT_ID": "t", "AZURE_CLIENT_ID": "c", "AZURE_FEDERATED_TOKEN_FILE": "/t"]
            ),
            (.other(audience: "a"), "a", ["LAPWING_TOKEN_FILE": "/t"]),
        ]
        for (target, audience, environment) in cases {
            #expect(target.audience == audience)
            #expect(target.environment(tokenFile: "/t", configurationFile: "/c") == environment)
            // §3.1: AWS takes client IDs of at most 255 characters.
            #expect(audience.utf8.count <= 255)
        }
    }

    @Test func `the file for Google names places and holds no secret`() throws {
        let provider = "projects/1/locations/global/workloadIdentityPools/p/providers/x"
        let text = try #require(
            CloudTarget.google(provider: provider, serviceAccount: "a@b.iam.gserviceaccount.com").configuration(
                tokenFile: "/run/a \"b\"/google.token"
            )
        )
        let json = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        #expect(json["type"] as? String == "external_account")
        #expect(json["audience"] as? String == "//iam.googleapis.com/" + provider)
        #expect(json["token_url"] as? String == "https://sts.googleapis.com/v1/token")
        #expect((json["credential_source"] as? [String: Any])?["file"] as? String == "/run/a \"b\"/google.token")
        #expect((json["service_account_impersonation_url"] as? String)?.contains("a@b.iam") == true)
        #expect(CloudTarget.aws(roleARN: "", sessionName: "").configuration(tokenFile: "/t") == nil)
    }

    @Test(arguments: [
        ("spiffe://a.example/ns/ml/sa/trainer", "ns-ml-sa-trainer"), ("spiffe://a.example/x", "workload-x"),
    ])
    func `a session is named for the identity in characters that AWS takes`(_ id: String, _ name: String) throws {
        #expect(CloudTarget.sessionName(for: try SPIFFEID(id)) == name)
        let long = try SPIFFEID("spiffe://a.example/" + String(repeating: "a", count: 200))
        #expect(CloudTarget.sessionName(for: long).count == 64)
    }

    @Test(arguments: [
        ("arn:aws:iam::123456789012:role/a", true), ("arn:aws-cn:iam::123456789012:role/path/a", true),
        ("arn:aws:iam::12345678901:role/a", false), ("arn:aws:iam::123456789012:user/a", false),
        ("arn:aws:iam::123456789012:role/", false), ("arn:aws:iam::123456789012:role/a b", false),
        ("arn:aws:iam:eu:123456789012:role/a", false), ("", false), ("arn:gcp:iam::123456789012:role/a", false),
    ])
    func `an ARN is a role's or is refused`(_ text: String, _ isRole: Bool) {
        #expect(CloudTarget.isRoleARN(text) == isRole)
    }

    @Test(arguments: [
        ("projects/1/locations/global/workloadIdentityPools/p-1/providers/x", true),
        ("projects/1/locations/eu/workloadIdentityPools/p/providers/x", false),
        ("projects//locations/global/workloadIdentityPools/p/providers/x", false),
        ("//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/x", false),
        ("projects/1/locations/global/workloadIdentityPools/p/providers/x/y", false), ("", false),
    ])
    func `a provider is one or is refused`(_ text: String, _ isProvider: Bool) {
        #expect(CloudTarget.isGoogleProvider(text) == isProvider)
    }
}
