"""Clips as files for other programs: editing timelines, markers, playlists and tables."""
