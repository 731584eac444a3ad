import Testing

@testable import DataAccess

@Suite("A policy's condition")
struct RowExpressionTests {
    /// `c_training` of a session that has become `helper`, and a row of a dataset.
    private static let expression: RowExpression = {
        var expression = RowExpression()
        expression.names = [
            "session_user": .text("c_training"), "current_user": .text("helper"), "dataset": .text("train"),
            "purposes": .list(["training", "dataprep"]), "classification": .text("internal"),
            "producer": .text("c_dataprep"),
        ]
        expression.functions = ["lapwing.certified": .bool(true)]
        return expression
    }()

    @Test(
        "is decided for a session and a row as PostgreSQL writes it",
        arguments: [
            ("true", true), ("(false)", false), ("(SESSION_USER = 'c_training'::name)", true),
            ("(SESSION_USER = 'c_ingest'::name)", false), ("(CURRENT_USER = SESSION_USER)", false),
            ("(( SELECT lapwing.certified() AS certified) AND (CURRENT_USER = SESSION_USER))", false),
            ("(( SELECT lapwing.certified() AS certified) OR (CURRENT_USER = SESSION_USER))", true),
            ("( SELECT (SESSION_USER = ANY ('{c_ingest,c_training}'::name[])))", true),
            ("( SELECT (SESSION_USER = ANY ('{c_ingest}'::name[])))", false),
            ("((SESSION_USER)::text = ANY (ARRAY['a'::text, 'c_training'::text]))", true),
            ("((dataset = 'train'::text) AND (purposes && '{training}'::text[]))", true),
            ("(purposes <@ '{training,dataprep,features}'::text[])", true),
            ("(purposes <@ '{training}'::text[])", false), ("(cardinality(purposes) > 0)", true),
            ("(cardinality(purposes) > 2)", false), ("(NOT (dataset = 'train'::text))", false),
            ("((dataset)::character varying(10) <> 'train'::text)", false),
            ("(dataset = 'it''s'::text)", false), ("NULL::boolean", false), ("(dataset = NULL::text)", false),
            (#"("session_user" = 'c_training'::name)"#, true),
        ] as [(String, Bool)]
    )
    func isDecided(_ text: String, _ expected: Bool) {
        #expect(Self.expression.holds(text) == expected)
    }

    @Test(
        "is not known where it hangs on what is not",
        arguments: [
            "(owner = 'x'::text)", "(current_setting('app.role'::text) = 'x'::text)", "public.check()",
            "(dataset ~~ 't%'::text)",
            "(dataset = ALL (ARRAY['train'::text]))", "(EXISTS ( SELECT 1 FROM t))", "( SELECT true FROM t)", "",
            "(true",
            "((dataset = NULL::text) OR public.check())", "(NOT ((dataset = NULL::text) AND public.check()))",
            "true)", "'open", "CASE WHEN true THEN true ELSE false END", "(true = (dataset IS NULL))",
        ]
    )
    func isUnknown(_ text: String) {
        #expect(Self.expression.holds(text) == nil)
    }

    @Test("is decided by what is known where that is enough")
    func isDecidedAnyway() {
        #expect(Self.expression.holds("((dataset = 'test'::text) AND public.check())") == false)
        #expect(Self.expression.holds("((dataset = 'train'::text) OR public.check())") == true)
        #expect(Self.expression.holds("((dataset = 'train'::text) AND public.check())") == nil)
    }

    @Test("of any depth ends")
    func isBounded() {
        let deep = String(repeating: "(", count: 10_000) + "true" + String(repeating: ")", count: 10_000)
        #expect(Self.expression.holds(deep) == nil)
        #expect(Self.expression.holds(String(repeating: "NOT ", count: 100_001) + "true") == false)
    }

    @Test("is read from a policy with its roles and command")
    func readsPolicies() {
        let policy = PostgreSQLPolicyText(
            "p",
            #"AS PERMISSIVE FOR UPDATE TO "c_a", "o""d", "d" USING ((a = ')')) WITH CHECK ((true))"#
        )
        #expect(policy.isUnderstood && !policy.isRestrictive && policy.command == "UPDATE")
        #expect(policy.roles == ["c_a", "o\"d", "d"])
        #expect(policy.using == "(a = ')')" && policy.check == "(true)")
        let open = PostgreSQLPolicyText("p", "AS RESTRICTIVE FOR ALL TO PUBLIC USING ((true)")
        #expect(open.isRestrictive && open.roles.isEmpty && !open.isUnderstood)
    }
}
