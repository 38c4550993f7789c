"""The paper's own curves: figure 3 of arXiv:2512.10942, read off its vector drawing."""

from __future__ import annotations

from benchmarks.controlled.models import TOKEN_MODEL, VL_JEPA

SAMPLES = (0.16e6, 0.54e6, 1.04e6, 1.53e6, 2.02e6, 2.52e6, 5e6, 10e6, 15e6)
"""Pairs seen."""
CURVES = {
    "CIDEr": {
        VL_JEPA: (1.3, 5.2, 7.9, 10.0, 11.5, 12.2, 14.7, 17.1, 18.8),
        TOKEN_MODEL: (1.5, 2.7, 2.3, 3.5, 3.7, 4.2, 6.7, 7.3, 9.2),
    },
    "top-5": {
        VL_JEPA: (14.9, 15.4, 23.3, 28.3, 31.9, 31.5, 35.4, 38.0, 41.0),
        TOKEN_MODEL: (14.0, 17.7, 18.4, 19.4, 19.4, 19.7, 21.1, 25.3, 27.2),
    },
}
"""CIDEr averaged over YouCook2, MSR-VTT and PVD-Bench, top-5 over CrossTask steps and tasks and EgoExo4D.

The text of the paper has other values for three points: see docs/controlled.md.
"""
