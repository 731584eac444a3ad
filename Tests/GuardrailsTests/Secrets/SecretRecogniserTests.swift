import Guardrails
import Testing

@Suite("A value is a secret where what stands before it says so")
struct SecretRecogniserTests {
    private static let rules = Result { try OutputRules(OutputPolicy(secrets: .redact)) }

    private func filtered(_ text: String, by size: Int = .max) throws -> (String, [OutputFinding]) {
        try Self.rules.get().filtered(text, by: size)
    }

    private func expect(_ text: String, _ expected: String) throws {
        let whole = try filtered(text)
        #expect(whole.0 == expected)
        for size in [1, 7] {
            let cut = try filtered(text, by: size)
            #expect(cut.0 == expected, "\(size) bytes at a time")
            #expect(cut.1 == whole.1, "\(size) bytes at a time")
        }
    }

    @Test(
        "Files, directives and commands that part a name from its value with a blank",
        arguments: [
            "machine git.test login ann password #", "machine git.test\n\tlogin ann\n\tpassword #\n",
            "SetEnv DB_PASSWORD #", "SetEnv DB_PASSWORD \"#\"", "fastcgi_param DB_PASSWORD #;", "requirepass #\n",
            "masterauth #aB3x9Kq2\n", "setx DB_PASSWORD \"#\"", "keytool -storepass # -keystore a.jks",
            "openssl enc -pass pass:# -in a", "ALTER USER ann WITH PASSWORD '#';", "CREATE USER ann IDENTIFIED BY '#';",
            "CREATE ROLE ann LOGIN PASSWORD '#';", "smtp_pass=#", "ansible_ssh_pass: \"#\"", "  pass: #",
        ]
    )
    func blanks(_ form: String) throws {
        let long = form.contains("#aB3")
        let value = long ? "vK3wZq8Rt5Lm" + "aB3x9Kq2" : "vK3wZq8Rt5Lm"
        try expect(
            form.replacing(long ? "#aB3x9Kq2" : "#", with: value),
            form.replacing(long ? "#aB3x9Kq2" : "#", with: "[SECRET]")
        )
    }

    @Test(
        "A token that claims nothing is no secret, nor is the name of a type",
        arguments: [
            "jwt_value=eyJFbnZveSI6ICJyb2NrcyJ9.e30.c2lnbmVk",
            "the JWT `eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.c2lnbmVk`",
            "for tokenization: FTS5Tokenization,", "tokenCallback: FTS5WrapperTokenCallback)",
            "tokeniser = Wn8kQ2rLm5Xz7Vb4", "\"accessKeyId\": \"ASIA9F6MXE9HSYOXYQOS\",",
            "\"clientToken\": \"5dd59182-3917-421c-9b2c-7c92954b66ee\",",
        ]
    )
    func nothing(_ text: String) throws { try expect(text, text) }

    @Test("Google's keys that stand in open source are no secret, and others are")
    func publishedKeys() throws {
        let known = "AIza" + "SyAnLA7NfeLquW1tJFpx_eQCxoX-oo6YyIs"
        try expect("key is \(known) here", "key is \(known) here")
        try expect("key is AIza" + "SyAnLA7NfeLquW1tJFpx_eQCxoX-oo6YyIt here", "key is [SECRET] here")
        try expect("key is AIza" + "SyBq4Zt81vXw_Lk93-PmRdEuYhNc7Ga5oTf here", "key is [SECRET] here")
    }

    @Test(
        "Arguments, types and sentences",
        arguments: [
            "System.setProperty(\"api.token\", \"#\");", "os.Setenv(\"API_TOKEN\", \"#\")", "define('API_TOKEN', '#');",
            "\"API_TOKEN\",\"#\"", "var apiToken string = \"#\"", "$apiToken .= \"#\";", "Your API key: #",
            "The API key is #, keep it.", "The secret key is: #", "The access token is `#`.", "**API Key:** `#`",
            "| API key | `#` |", "Here is the API key:\n\n```\n#\n```", "api_key: |-\n  #\n", "\"password\": [ \"#\" ]",
            "The password for the server is #", "Das Passwort lautet #", "contraseña: #", "mot_de_passe=#", "密码：#。",
            "密码是#",
            "パスワードは#です", "encryption.key=#", "DEPLOY_KEY=#", "APP_KEY=base64:#", "Authorization: ApiKey #",
            "hmac_key = \"#\"",
        ]
    )
    func sentences(_ form: String) throws {
        let value = "q7Lm2Zx9Vb4Nt6Kw8Rp3Hs5J"
        let expected = form.replacing("base64:#", with: "#").replacing("#", with: "[SECRET]")
        try expect(form.replacing("#", with: value), expected)
    }

    @Test(
        "What is called `key` and nothing else is one where it looks like nothing else",
        arguments: [
            "KEY=#", "export KEY='#'", "KEY: #", "key = \"#\"", "{\"key\": \"#\"}", "docker run -e KEY=# app",
            "$env:KEY = \"#\"",
            "<key>#</key>", "Key: #",
        ]
    )
    func keys(_ form: String) throws {
        try expect(form.replacing("#", with: "q7Lm2Zx9Vb4Nt6Kw8Rp3Hs5J"), form.replacing("#", with: "[SECRET]"))
        // What is a sum of a file may be called so too.
        let hex = "8f14e45fceea167a5a36dedd4bea2543"
        let isSetting = form.contains("KEY")
        try expect(
            form.replacing("#", with: hex),
            isSetting ? form.replacing("#", with: "[SECRET]") : form.replacing("#", with: hex)
        )
    }

    @Test(
        "What is called `key` and is none",
        arguments: [
            "<key>IDEDidComputeMac32BitWarning</key>", "key: onboarding.step2.title-of-the-page",
            "KEY=arn:aws:kms:eu:1:key/ab12",
            "key = \"moreThan15CharactersWithAndWithoutWhitespace\"", "the key q7Lm2Zx9Vb4Nt6Kw8Rp3Hs5J of the cache",
            "KEY=MLKEM1024_generate_key_pair_now", "key: backups/2024/05/01/db-0001.tar.gz", "KEY=${KEY}",
            "key=12345678901234567890123456",
        ]
    )
    func otherKeys(_ text: String) throws { try expect(text, text) }

    /// Words of prose are passed over, and such a value begins like one.
    @Test("A password of letters and a sign, told in a sentence", arguments: Array("!#$^&*"))
    func wordsAndSigns(_ sign: Character) throws {
        for word in ["purpleTrain", "sconeLover", "quickPine", "summerTime", "vioLetRain"] {
            for form in ["The password is # for the server.", "The password for the server is #", "my password: #\n"] {
                try expect(form.replacing("#", with: "\(word)\(sign)9871x"), form.replacing("#", with: "[SECRET]"))
            }
        }
    }

    /// Forms whose own services tell them, made of the same letters and digits each time.
    @Test(
        "Keys that begin with what tells them",
        arguments: [
            "sk-A48", "sk-H32", "apify_api_A36", "amzn.mws.U", "amzn1.oa2-cs.v1.H64", "xsmtpsib-H64-A16", "bkua_H40",
            "CCIPAT_A22_H40", "pk_87654321_C32", "ddp_A36", "e2b_H40", "sk_H48", "fc-H32", "fw_A24", "1//0A60",
            "hcaik_A58", "jina_A60", "sk-lf-U", "sdk-U", "mlsn.H64", "nfp_A36", "oy2L43", "phx_A43", "rnd_A28",
            "re_A8_A24", "RGAPI-U", "SCWC17", "xoxd-A80", "squ_H40", "sb_secret_A22", "AKIDA32", "ATTAH64", "pa-A43",
            "hvs.A24", "https://hooks.zapier.com/hooks/catch/7654321/L7",
        ]
    )
    func beginnings(_ form: String) throws {
        let token = Self.filled(form)
        let shown = form.hasPrefix("https") ? "https://[SECRET]" : "[SECRET]"
        try expect("the value \(token) is it", "the value \(shown) is it")
        try expect("{\"a\":\"\(token)\"}", "{\"a\":\"\(shown)\"}")
    }

    /// Fills `A24`, `H32`, `L7`, `C17` and `U` of a form: letters and digits, hexadecimal ones, those in small and in
    /// capital letters, a UUID.
    private static func filled(_ form: String) -> String {
        let text = form.hasSuffix("U") ? String(form.dropLast()) + "H8-H4-H4-H4-H12" : form
        return text.replacing(/([AHLC])(\d+)/) { match in
            let alphabet =
                switch match.1 {
                case "H": Array("7c04e19b5d2f8a63")
                case "L": Array("q7lm2zx9vb4nt6kw8rp3hs5j")
                case "C": Array("Q7LM2ZX9VB4NT6KW8RP3HS5J")
                default: Array("q7Lm2Zx9Vb4Nt6Kw8Rp3Hs5J")
                }
            guard let count = Int(match.2) else { return String(match.0) }
            return String((0..<count).map { alphabet[($0 * 7 + $0 / alphabet.count) % alphabet.count] })
        }
    }

    @Test("A private key in base64, and the whole of a token of three parts")
    func wholes() throws {
        let key = "LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQ" + String(repeating: "q7Lm2Zx9Vb4Nt6Kw8Rp3", count: 8)
        try expect("data: \(key)==\n", "data: [SECRET]\n")
        let token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.q7Lm2Zx9Vb4Nt6Kw8Rp3Hs5J"
        try expect("the token \(token) is it", "the token [SECRET] is it")
    }

    @Test("A token in the place of a link's user is one, and the password of a manual is none")
    func links() throws {
        try expect("git clone https://q7Lm2Zx9Vb4Nt6Kw8Rp3Hs5J@git.test/a", "git clone https://[SECRET]@git.test/a")
        try expect("postgres://user:password@localhost/a", "postgres://user:password@localhost/a")
        try expect("postgres://user:vK3wZq8Rt5Lm@localhost/a", "postgres://[SECRET]@localhost/a")
    }

    @Test(
        "What says where a secret is, or stands in its place, goes out",
        arguments: [
            "secret_arn = \"arn:aws:secretsmanager:eu-west-1:210987654321:secret:prod/db-q7Lm2Z\"",
            "on arn:aws:secretsmanager:eu-west-1:210987654321:secret:prod/db/main-q7Lm2Z",
            "\"password\": \"arn:aws:ssm:eu-west-1:210987654321:parameter/prod/db1\"",
            "client_secret: projects/210987654321/secrets/oauth2-client/versions/latest",
            "password: vault:secret/data/db1#password",
            "secret: https://v.test/secrets/db-password1/q7Lm2Zx9Vb4Nt6Kw8Rp3",
            "const apiKey = process.env.OPENAI_API_KEY2;", "password = var.db_password_v2",
            "password = random_password.db1.result", "if (token == TokenKind.Identifier2) {",
            "secret = \"/run/secrets/db_password_1\"", "existingSecret: my-release-postgresql-1",
            "Authorization: Bearer YOUR_TOKEN", "curl -H \"Authorization: Bearer $ACCESS_TOKEN\" https://a.test",
            "kubectl get secret db-credentials-1 -o yaml", "The password policy2024 is new.",
            "\"password\",\"username1\"",
            "passwordVariable: 'DOCKER_PASSWORD1'", "tokenAddress: 0x8bA1f109551bD432803012645Ac136ddd64DBA72",
            "MasterPassword: '{{resolve:secretsmanager:db1:SecretString:password}}'",
            "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX",
            "色番号はvK3wZq8Rt5Lmです", "The build is vK3wZq8Rt5Lm", "bypass: vK3wZq8Rt5Lm", "compass=vK3wZq8Rt5Lm",
            "The primary key is q7Lm2Zx9Vb4Nt6Kw8Rp3Hs5J",
            "the public key: q7Lm2Zx9Vb4Nt6Kw8Rp3Hs5J",
        ]
    )
    func references(_ text: String) throws { try expect(text, text) }

    @Test("A secret within a link is told of as what it is")
    func withinLinks() throws {
        let rules = try OutputRules(.everything(.redact))
        for size in [1, 9, 1000] {
            var filter = TextFilter(rules)
            var output: [UInt8] = []
            var rest = Array("at https://a.test/?k=npm_q7Lm2Zx9Vb4Nt6Kw8Rp3Hs5Jd1Fg0Yc2Xe4Uz6&x=1 now".utf8)[...]
            while !rest.isEmpty {
                filter.feed(rest.prefix(size), into: &output)
                rest = rest.dropFirst(size)
            }
            filter.finish(into: &output)
            #expect(String(decoding: output, as: UTF8.self) == "at [URL][SECRET]&x=1 now")
            #expect(filter.takeFindings().map(\.rule) == ["pii/URL", "secret/npm-access-token"])
        }
    }

    @Test("What has no end of its own is told of as far as it goes")
    func extent() throws {
        let token = "sk-ant-api03-" + String(repeating: "q7Lm2Zx9_b4Nt6Kw-Rp3", count: 30)
        let text = "key \(token) and more"
        let found = try filtered(text).1
        #expect(found.map(\.start) == [4])
        #expect(found.map(\.end) == [4 + token.utf8.count])
        for size in [1, 50] { #expect(try filtered(text, by: size).1 == found) }
        // Taken before its end, it is told of as far as is certain.
        var filter = TextFilter(try Self.rules.get())
        _ = filter.feed(Array("key \(token)".utf8))
        let early = filter.takeFindings()
        #expect(early.count == 1)
        #expect(early.allSatisfy { $0.end <= 4 + token.utf8.count })
        _ = filter.feed(Array("q7Lm2Zx9 and more".utf8)) + filter.finish()
        #expect(filter.takeFindings().isEmpty)
    }
}
