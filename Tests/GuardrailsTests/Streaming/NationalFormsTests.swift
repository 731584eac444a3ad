import Guardrails
import Testing

@Suite("National forms, settings and keys in the places where they are written")
struct NationalFormsTests {
    private static let rules = Result { try OutputRules(.everything(.redact)) }

    private func filtered(_ text: String, by size: Int = .max) throws -> String {
        try Self.rules.get().filtered(text, by: size).text
    }

    @Test(
        "Numbers as nations write them",
        arguments: [
            ("pay 4111.1111.1111.1111 now", "pay [CREDIT_CARD] now"),
            ("pay 4111.1111.1111.1112 now", "pay 4111.1111.1111.1112 now"),
            ("pay 4111-1111.1111-1111 now", "pay 4111-1111.1111-1111 now"),
            ("at ::ffff:192.0.2.128 and 64:ff9b::192.0.2.33.", "at [IP_ADDRESS] and [IP_ADDRESS]."),
            ("at 2001:db8:1:2:3:4:192.0.2.1 too", "at [IP_ADDRESS] too"),
            ("ask 138-0013-8000 or 11 91234-5678", "ask [PHONE_NUMBER] or [PHONE_NUMBER]"),
            ("rows 138 2000 300 and 11 81234-5678", "rows 138 2000 300 and 11 81234-5678"),
            ("SSN: 536.90.4399", "SSN: [US_SSN]"),
            ("build 536.90.4399", "build 536.90.4399"),
            (#"{"social_security_number":536904399}"#, #"{"social_security_number":[US_SSN]}"#),
            ("socialSecurityNumber=536904399", "socialSecurityNumber=[US_SSN]"),
            ("rssmra85t10a562s, not rssmra85t10a562q", "[IT_FISCAL_CODE], not rssmra85t10a562q"),
            ("nie x1234567l, dni 12345678z", "nie [ES_NIE], dni [ES_NIF]"),
            ("nino ab123456c but part ab123456c-x", "nino [UK_NINO] but part [UK_NINO]-x"),
            ("id 8001015009087", "id [ZA_ID_NUMBER]"),
            ("IBAN DE89.3704.0044.0532.0130.00, GB82.WEST.1234.5698.7654.32.", "IBAN [IBAN_CODE], [IBAN_CODE]."),
            ("part DE89.3704.0044.0532.0130.01", "part DE89.3704.0044.0532.0130.01"),
            ("529.982.247-25 but 529.982.247-24", "[BR_CPF] but 529.982.247-24"),
            ("111.111.111-11, cpf 52998224725", "111.111.111-11, cpf [BR_CPF]"),
            ("11.222.333/0001-81 but 11.222.333/0001-82", "[BR_CNPJ] but 11.222.333/0001-82"),
            ("12.ABC.345/01DE-35, CNPJ: 11222333000181", "[BR_CNPJ], CNPJ: [BR_CNPJ]"),
            // The numbers of others begin or end within a card's, and milliseconds are no Thai number.
            ("row 2200 7720 0473 9370", "row 2200 7720 0473 9370"),
            ("row 5019 7839 5835 9762", "row 5019 7839 5835 9762"),
            ("at 1714557600008 and 1714557600016", "at 1714557600008 and 1714557600016"),
            ("card 624111 1103764608453", "card [CREDIT_CARD]"),
            ("card 4676 555 305 526", "card [CREDIT_CARD]"),
            ("id 6309115661083", "id [ZA_ID_NUMBER]"),
            ("ask (212).555.0147 or 8 (495) 123-45-67", "ask [PHONE_NUMBER] or [PHONE_NUMBER]"),
            ("ask 01512 3456789 or 098765 43210", "ask [PHONE_NUMBER] or [PHONE_NUMBER]"),
            ("my number is 91 23 45 67", "my number is [PHONE_NUMBER]"),
            ("social: 702 46 6963", "social: [US_SSN]"),
            ("RTN 219922571, A.C.N. 606 880 095", "RTN [ABA_ROUTING_NUMBER], A.C.N. [AU_ACN]"),
            ("S.I.N. 637 614 058", "S.I.N. [CA_SIN]"),
            ("SV-Nummer 87 020716 N 108", "SV-Nummer [DE_SOCIAL_SECURITY]"),
            ("DNI 38.867.736-J, not 38.867.736-K", "DNI [ES_NIF], not 38.867.736-K"),
            ("pan: dfcgw3659x, NRIC s1219629f", "pan: [IN_PAN], NRIC [SG_NRIC_FIN]"),
            ("id 4 4936 03586 20 3", "id [TH_TNIN]"),
            ("clone git@a.test:b/c.git or mail git@a.test", "clone git@a.test:b/c.git or mail [EMAIL_ADDRESS]"),
            ("BC1QMGDCHS2YXD2EJSXZYMMX59DL030NJMZZ6DASJ4", "[CRYPTO]"),
        ]
    )
    func numbers(_ text: String, _ expected: String) throws {
        #expect(try filtered(text) == expected)
        for size in [1, 7] { #expect(try filtered(text, by: size) == expected, "\(size) bytes at a time") }
    }

    @Test(
        "Settings, however they are written",
        arguments: [
            (#"config['DB_PASSWORD'] = 'hT7kq2Lm9zQw'"#, #"config['DB_PASSWORD'] = '[SECRET]'"#),
            (#"env["API_TOKEN"]="k2J8sLq0Zx71mNbV5tYr""#, #"env["API_TOKEN"]="[SECRET]""#),
            (#"let api_key: &str = "k2J8sLq0Zx71mNbV5tYr";"#, #"let api_key: &str = "[SECRET]";"#),
            (#"const apiKey: string = "k2J8sLq0Zx71mNbV5tYr";"#, #"const apiKey: string = "[SECRET]";"#),
            (#"let password: String = readLine()!"#, #"let password: String = readLine()!"#),
            (#"{"name":"API_TOKEN","value":"k2J8sLq0Zx71mNbV5tYr"}"#, #"{"name":"API_TOKEN","value":"[SECRET]"}"#),
            ("- name: DB_PASSWORD\n  value: hT7kq2Lm9zQw\n", "- name: DB_PASSWORD\n  value: [SECRET]\n"),
            (
                "variable \"db_password\" {\n  default = \"hT7kq2Lm9zQw\"\n}",
                "variable \"db_password\" {\n  default = \"[SECRET]\"\n}"
            ),
            (
                #"<add key="ClientSecret" value="k2J8sLq0Zx71mNbV5tYr"/>"#,
                #"<add key="ClientSecret" value="[SECRET]"/>"#
            ),
            (#"{"name":"limit","value":"k2J8sLq0Zx71mNbV5tYr"}"#, #"{"name":"limit","value":"k2J8sLq0Zx71mNbV5tYr"}"#),
            ("MYSQL_PWD=r8Gh2pQ91xzz", "MYSQL_PWD=[SECRET]"),
            ("PWD=/home/user1/work", "PWD=/home/user1/work"),
            ("AZURE_OPENAI_KEY=9f86d081884c7d659a2feaa0c55ad015", "AZURE_OPENAI_KEY=[SECRET]"),
            (
                "OPENAI_API_KEY=9f86d081884c7d659a2feaa0c55ad015.k2J8sLq0Zx71mNbV and so on",
                "OPENAI_API_KEY=[SECRET] and so on"
            ),
            ("openai_key: 9f86d081884c7d659a2feaa0c55ad015. It works", "openai_key: [SECRET]. It works"),
            (#"def f(password: str="hT7kq2Lm9zQw"):"#, #"def f(password: str="[SECRET]"):"#),
            (#"val password: Any? = "hT7kq2Lm9zQw""#, #"val password: Any? = "[SECRET]""#),
            ("mongodb+srv://app:Zt7kP20qLx@c0/?x=1", "mongodb+srv://[SECRET]@c0/?x=1"),
        ]
    )
    func settings(_ text: String, _ expected: String) throws {
        #expect(try filtered(text) == expected)
        for size in [1, 7] { #expect(try filtered(text, by: size) == expected, "\(size) bytes at a time") }
    }

    @Test(
        "Secrets that stand behind blanks",
        arguments: [
            ("app --db-password hT7kq2Lm9zQw --verbose", "app --db-password [SECRET] --verbose"),
            ("app --password 'hT7kq2Lm9zQw'", "app --password '[SECRET]'"),
            ("cli --token k2J8sLq0Zx71mNbV5tYr run", "cli --token [SECRET] run"),
            ("app --password-file /run/secrets/db1 --password --host1name x", nil),
            ("app --password <your-password-1> --token tokenname", nil),
            ("docker login -u ci -p hT7kq2Lm9zQw r.test", "docker login -u ci -p [SECRET] r.test"),
            ("docker run -p 8080:80 -p a1b2c3d4e5f6 x", nil),
            ("mysqldump -u root -phT7kq2Lm9zQw db", "mysqldump -u root -p[SECRET] db"),
            ("mysql -u root -p'hT7kq2Lm9zQw' db", "mysql -u root -p'[SECRET]' db"),
            ("nmap -p80a1b2c3d4 host", nil),
            ("redis-cli -h c -a hT7kq2Lm9zQw ping", "redis-cli -h c -a [SECRET] ping"),
            ("ldapsearch -x -w hT7kq2Lm9zQw", "ldapsearch -x -w [SECRET]"),
            ("FROM a\nENV API_TOKEN k2J8sLq0Zx71mNbV5tYr\n", "FROM a\nENV API_TOKEN [SECRET]\n"),
            ("ENV PATH /usr/lib/a1b2c3d4e5f6g7h8:/bin", nil),
            ("app --secret-name prod-db-7Qz4kLm9xT2w --verbose", nil),
            ("app --password-file secrets/db-password1.txt --private-key-path keys/prod-2024-k7Q9z.pem", nil),
            // The keys of AWS's manuals are nobody's.
            ("AKIAIOSFODNN7EXAMPLE and AKIAIOSFODNN7EXAMPLQ", "AKIAIOSFODNN7EXAMPLE and [SECRET]"),
            ("access_key = AKIAI44QH8DHBEXAMPLE.", nil),
            ("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", nil),
            (
                "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxQfiCYEXAMPLEKEY",
                "aws_secret_access_key = [SECRET]"
            ),
        ]
    )
    func blanks(_ text: String, _ expected: String?) throws {
        let expected = expected ?? text
        #expect(try filtered(text) == expected)
        for size in [1, 7] { #expect(try filtered(text, by: size) == expected, "\(size) bytes at a time") }
    }

    @Test(
        "A private key goes whole where its lines are quoted",
        arguments: [
            "\n> ", "\\n\" +\n\"", "%0A", "&#10;", "\\\\n", "\n# ", "\n// ",
            "\\n\" +\n" + String(repeating: " ", count: 40) + "\"",
        ]
    )
    func keys(_ joint: String) throws {
        let line = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQDAC4AWkdwKYSd8"
        let key =
            (["-----BEGIN RSA PRIVATE KEY-----"] + Array(repeating: line, count: 12)
            + ["-----END RSA PRIVATE KEY-----"])
            .joined(separator: joint)
        #expect(try filtered("a \(key) b") == "a [SECRET] b")
        #expect(try filtered("a \(key) b", by: 5) == "a [SECRET] b")
    }

    @Test("A text about keys is none")
    func manual() throws {
        let text = #"It opens with "-----BEGIN PRIVATE KEY-----" and ends with "-----END PRIVATE KEY-----", each alone"#
        #expect(try filtered(text) == text)
    }
}
