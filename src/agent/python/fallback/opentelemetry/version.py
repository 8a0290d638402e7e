__version__ = "1.27.0"  # of the interface
