"""How the tables of the memory came to be, one file a step (Alembic)."""
