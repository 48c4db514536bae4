"""The only place with SQL: the database, its schema, and a file for each kind of thing that is kept."""
