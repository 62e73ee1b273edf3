"""livevae: an instrument for performing live with neural sound."""

__version__ = "0.1.0"
