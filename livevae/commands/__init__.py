"""What each subcommand of `livevae` does, one module a subject."""
