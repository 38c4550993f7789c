"""Still images by Pillow."""
