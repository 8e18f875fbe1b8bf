"""Called by Alembic: runs the steps that are missing on the connection it is given, all in one transaction."""

from alembic import context

from mgcds.service.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, transactional_ddl=True)
context.run_migrations()
