"""Files that hold the same footage: proposed by their vectors, decided on their frames."""
