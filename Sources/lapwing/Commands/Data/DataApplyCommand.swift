import ArgumentParser
import DataAccess

extension DataCommand {
    /// `lapwing data apply`.
    struct Apply: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "apply",
            abstract: "Make a PostgreSQL database enforce an estate.",
            discussion: """
                Shows the plan, asks, and makes the changes in one transaction: either all of it holds afterwards or \
                nothing has changed. Applying again changes nothing. What undoes it is kept in the table \
                lapwing.history for `lapwing data rollback`.

                The tables have to be there already; a superuser has to apply. pg_hba.conf and pg_ident.conf are \
                written by hand from `lapwing data plan -o hba` and `-o ident`.

                Exits with 0 where the database says what the estate says, 1 where it does not take it, 2 for a wrong \
                command line, 3 where the server cannot be reached.
                """
        )

        @OptionGroup var estate: EstateDatabaseOptions
        @OptionGroup var server: PostgreSQLConnectionOptions
        @OptionGroup var confirmation: ConfirmationOptions

        func run() throws {
            let model = try estate.model()
            let session = try server.connect(to: model.database)
            let application = PostgreSQLApplication(session: session, model: model)
            let plan = try CommandSession.run { try application.plan() }
            PlanTable.write(plan)
            if plan.isEmpty { return }
            try confirmation.confirm("Change the database `\(model.database)`?")
            try CommandSession.run {
                // What was shown is what is done: a catalog that changed meanwhile is shown anew.
                guard try application.apply(expecting: plan) else {
                    throw CommandError(.refused, "the database has changed meanwhile, and nothing was done; plan again")
                }
            }
            StandardError.write("applied; `lapwing data drift` tells whether it stays so")
        }
    }

    /// `lapwing data rollback`.
    struct Rollback: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "rollback",
            abstract: "Undo what `lapwing data apply` did last.",
            discussion: """
                Shows the statements, asks, and runs them in one transaction. Each rollback undoes one apply; the last \
                one leaves nothing of Lapwing in the database.

                Exits with 0; 1 where PostgreSQL refuses and nothing was changed; 2 where there is nothing to undo; 3 \
                where the server cannot be reached.
                """
        )

        @OptionGroup var estate: EstateDatabaseOptions
        @OptionGroup var server: PostgreSQLConnectionOptions
        @OptionGroup var confirmation: ConfirmationOptions

        func run() throws {
            let model = try estate.model()
            let session = try server.connect(to: model.database)
            let application = PostgreSQLApplication(session: session, model: model)
            let undo = try CommandSession.run { try application.undo() }
            StandardOutput.write(undo)
            try confirmation.confirm("Run this in the database `\(model.database)`?")
            try CommandSession.run {
                // What was shown is what is run, and nothing else that was applied meanwhile is undone.
                guard try application.rollback(expecting: undo) else {
                    throw CommandError(
                        .refused,
                        "something was applied meanwhile, and nothing was done; roll back again"
                    )
                }
            }
            StandardError.write("rolled back")
        }
    }
}
