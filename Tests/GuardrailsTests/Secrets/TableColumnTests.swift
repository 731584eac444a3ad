import Guardrails
import Testing

@Suite("A column whose head says so is one of secrets")
struct TableColumnTests {
    private static let rules = Result { try OutputRules(OutputPolicy(secrets: .redact)) }

    private func expect(_ text: String, _ expected: String) throws {
        let whole = try Self.rules.get().filtered(text)
        #expect(whole.text == expected)
        for size in [1, 7, 64] {
            let cut = try Self.rules.get().filtered(text, by: size)
            #expect(cut.text == expected, "\(size) bytes at a time")
            #expect(cut.findings == whole.findings, "\(size) bytes at a time")
        }
    }

    /// `#` is where a secret stands.
    @Test(
        "In Markdown, parted by signs, or set below each other",
        arguments: [
            "| User | Password |\n|---|---|\n| ann | # |\n| bob | # |\n",
            "|User|Pwd|Role|\n|:-|:-|:-|\n|ann|`#`|ops|\n",
            "| User | Role | **Passwort** |\n| --- | --- | --- |\n| ann | ops | # |\n",
            "user,password\nann,#\nbob,\"#\"\n",
            "\"name\",\"role\",\"password\"\n\"Ames, Ann\",\"ops\",\"#\"\n", "user\tpassword\trole\nann\t#\tops\n",
            "user;Kennwort\nann;#\n", "USER     PASSWORD         ROLE\nann      #     ops\nbob      #     ops\n",
            "Here they are:\nuser,mot_de_passe\nann,#\n", "| 用户 | 密码 |\n|---|---|\n| ann | # |\n",
            "| Service | API key |\n|---|---|\n| maps | q7Lm2Zx9# |\n", "app,token\nshop,q7Lm2Zx9#\n",
            "User | Temp password\n--- | ---\nann | #\n", "password,user\n#,ann\n\"#\",\"bob\"\n",
            "password\tuser\n#\tann\n", " password | user\n----------+------\n #        | ann\n",
            "Password | User\n--- | ---\n# | ann\n# | bob\n", "token;app\nq7Lm2Zx9#;shop\n",
        ]
    )
    func tables(_ form: String) throws {
        for value in form.contains("9#") ? ["Vb4Nt6Kw8Rp3"] : ["vK3wZq8Rt5Lm", "Amber!Kettle42", "Tulip#Seven"] {
            let expected = form.replacing("q7Lm2Zx9#", with: "#").replacing("#", with: "[SECRET]")
            try expect(form.replacing("#", with: value), expected)
        }
    }

    @Test("However many rows the table has, also where nothing of one is a secret")
    func rows() throws {
        let head = "| User | Password | Note |\n|---|---|---|\n"
        let rows = (0..<60).map { "| user\($0) | \($0 % 4 == 3 ? "none" : "vK3wZq8Rt\($0)") | a few words |\n" }
        try expect(
            head + rows.joined() + "\nand | x | vK3wZq8Rt5Lm |\n",
            head + rows.map { $0.replacing(/vK3\w+/, with: "[SECRET]") }.joined() + "\nand | x | vK3wZq8Rt5Lm |\n"
        )
    }

    @Test(
        "Other columns, heads that only sound like it, and what stands in the place of a secret",
        arguments: [
            "| Field | Type |\n|---|---|\n| password | varchar(255) |\n",
            "| User | Password |\n|---|---|\n| ann | ******** |\n",
            "user,password_changed\nann,2024-05-01\n", "password_changed,user\nvK3wZq8Rt5Lm,ann\n",
            "user,password\nvK3wZq8Rt5Lm,none\n", "Passwords\nvK3wZq8Rt5Lm is what it is\n",
            "token,count\nrunning12,4411\n",
            "id,token,pos\n1,running12,VBG2\n",
            "| Key | Action |\n|---|---|\n| Ctrl+Shift+F12 | Fullscreen |\n", "Name     Secret?\nDB_HOST  no2345678\n",
            "| User | Password |\n|---|---|\n\nann | vK3wZq8Rt5Lm |\n",
            "| Token | Price |\n|---|---|\n| USDC | 1.00 |\n",
            "AppKeyLoad       xmlSecNssAppKeyLoad\nAppLoad          xmlSecNssAppPkcs12Load\n",
            "user,password\nann,${PASSWORD_1}\n", "vK3wZq8Rt5Lm,a\nb,vK3wZq8Rt5Lm\n",
        ]
    )
    func others(_ text: String) throws { try expect(text, text) }
}
