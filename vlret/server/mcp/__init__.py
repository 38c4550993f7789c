"""Indexes as tools of a language model: a server of the Model Context Protocol."""
