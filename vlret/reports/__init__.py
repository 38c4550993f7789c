"""Result pages, tables and pictures."""
