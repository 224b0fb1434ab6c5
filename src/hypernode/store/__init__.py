"""The only SQL: PostgreSQL by asyncpg, a module and a .sql file for each group of tables."""
