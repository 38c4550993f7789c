"""What a user asked for, read and checked."""
