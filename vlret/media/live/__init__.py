"""Reading while it happens: files, pipes, addresses and cameras as one stream of sampled frames."""
