"""An index that keeps up with folders."""
