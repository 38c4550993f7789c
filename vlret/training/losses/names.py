"""The names of the losses, without torch: a recipe is checked by them."""

LOSS_NAMES = ("info_nce", "sigmoid", "cosine", "l1", "l2", "vicreg", "sigreg")
PAIRWISE = ("cosine", "l1", "l2")
"""Those that look at each pair alone: one embedding for everything would be perfect, so their targets must be fixed."""
