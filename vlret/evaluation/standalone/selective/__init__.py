"""Selective decoding against fixed rates: how few decodes describe a video as well (paper, section 4.5, figure 4)."""
