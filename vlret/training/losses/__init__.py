"""Losses between predictions and the embeddings of their texts, by name (`registry.named_loss`)."""
