"""One class per benchmark task: its queries and how they are scored."""
