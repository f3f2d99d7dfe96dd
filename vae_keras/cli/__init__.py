"""The command line: typed words become calls."""
