"""The pack in other languages. An export translates the meaning of `mgcds.model`; it has none of its own."""
