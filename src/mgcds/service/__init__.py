"""CDS Hooks 2.0.1: `hooks.respond` is a pure function from a request to an answer, and `app` puts it on the web."""
