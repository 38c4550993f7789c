"""Vision-language models that write answers: those of transformers, behind one interface."""
