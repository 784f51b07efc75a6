"""Do the benchmarks measure what they say? Their figures hang on the machine, and are not looked at."""
