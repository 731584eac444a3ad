import Guardrails
import Testing

@Suite("Hashes of passwords are secrets, and what only speaks of them is none")
struct PasswordHashTests {
    private static let rules = Result { try OutputRules(OutputPolicy(secrets: .redact)) }

    private func expect(_ text: String, _ expected: String) throws {
        let whole = try Self.rules.get().filtered(text)
        #expect(whole.text == expected)
        for size in [1, 7] {
            let cut = try Self.rules.get().filtered(text, by: size)
            #expect(cut.text == expected, "\(size) bytes at a time")
            #expect(cut.findings == whole.findings, "\(size) bytes at a time")
        }
    }

    private static let salt = "q7Lm2Zx9Vb4Nt6Kw8Rp3Hs5J"
    private static let body = "d1Fg0Yc2Xe4Uz6Aq8So1Ti3Pk5Bn7Gm9Dh2Vf4WjK0rE6uL8yM1cQ3xN5aS7tG9hJ2pB4vC6kD8wF0zR1iO3"
    private static let hex = "8f14e45fceea167a5a36dedd4bea2543c9f0f895fb98ab9159f51fd0297e236d"

    /// As many characters of each of those as a number in a form says.
    private func filled(_ form: String) -> String {
        form.replacing(/([SBH])(\d+);/) { match in
            let text = match.1 == "S" ? Self.salt : match.1 == "B" ? Self.body : Self.hex
            return String((text + text).prefix(Int(match.2) ?? 0))
        }
    }

    @Test(
        "Of the forms that crypt, frameworks, databases and directories write",
        arguments: [
            "$(2b$12$B53;)", "$(2y$10$B53;)", "$1$(S8;$B22;)", "$(apr1$S8;$B22;)", "$5$(S16;$B43;)", "$6$(S16;$B86;)",
            "$6$rounds=65536$(S8;$B86;)", "$(y$j9T$S22;$B43;)", "$P$(BS8;B22;)", "$S$(DB51;)", "$8$(S14;$B43;)",
            "$9$(S14;$B43;)", "$(argon2id$v=19$m=65536,t=3,p=4$S22;$B43;)", "$(argon2i$m=4096,t=3,p=1$S22;$B43;)",
            "(argon2$argon2id$v=19$m=102400,t=2,p=8$S22;$B43;)", "$(scrypt$ln=16,r=8,p=1$S22;$B43;)",
            "(pbkdf2_sha256$600000$S22;$B43;=)", "(pbkdf2:sha256:600000$S16;$H64;)", "$(pbkdf2-sha512$25000$S22;$B86;)",
            "(scrypt:32768:8:1$S16;$H64;H64;)", "{SSHA}(B32;)", "{SHA}(B27;=)", "{SSHA512}(B86;B10;)",
            "(SCRAM-SHA-256$4096:B22;==$B43;=:B43;=)", "*(8F14E45FCEEA167A5A36DEDD4BEA2543C9F0F895)",
        ],
        [
            "root:#:19834:0:99999:7:::", "The stored hash is #.", "INSERT INTO t VALUES (1, 'ann', '#');", "ann:#\n",
            "{\"user\": \"ann\", \"hash\": \"#\"}", "hash: #",
        ]
    )
    func forms(_ form: String, _ place: String) throws {
        let form = filled(form)
        let plain = form.replacing("(", with: "").replacing(")", with: "")
        try expect(
            place.replacing("#", with: plain),
            place.replacing("#", with: form.replacing(/\(.*\)/, with: "[SECRET]"))
        )
    }

    @Test("Of Windows, in dumps, on command lines and from the network")
    func windows() throws {
        let (first, second) = (Self.hex.prefix(32), Self.hex.suffix(32))
        try expect("Administrator:500:\(first):\(second):::\n", "Administrator:500:[SECRET]:::\n")
        try expect("corp.test\\ann:1104:\(first):\(second):::", "corp.test\\ann:1104:[SECRET]:::")
        try expect("secretsdump -hashes \(first):\(second) ann@srv", "secretsdump -hashes [SECRET] ann@srv")
        try expect("wmiexec -hashes :\(second) ann@srv", "wmiexec -hashes :[SECRET] ann@srv")
        try expect(
            "ann::CORP:1122334455667788:\(first):\(second)0101:00 and on",
            "ann::CORP:1122334455667788:[SECRET] and on"
        )
        try expect("$krb5tgs$23$*svc$CORP$svc/web*$\(first)$\(second)ff.", "$[SECRET]")
    }

    @Test(
        "What only speaks of them, or sums of files",
        arguments: [
            "bcrypt hashes begin with $2a$, $2b$ or $2y$.", "the form is $2b$<cost>$<22 of salt><31 of hash>",
            "$6$salt$...", "^\\$2[aby]\\$\\d{2}\\$[./A-Za-z0-9]{53}$", "{SSHA}<base64>", "costs $5$ or $6$ each",
            "8f14e45fceea167a5a36dedd4bea2543  file.iso", "sha256:8f14e45fceea167a5a36dedd4bea2543c9f0f895fb98ab91",
            "a:8f14e45fceea167a5a36dedd4bea2543:b", "**8F14E45FCEEA167A5A36DEDD4BEA2543C9F0F895**",
            "commit 8f14e45fceea167a5a36dedd4bea2543c9f0f895", "argon2id with m=65536, t=3 and p=4",
            "$2b$10$xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        ]
    )
    func others(_ text: String) throws { try expect(text, text) }
}
