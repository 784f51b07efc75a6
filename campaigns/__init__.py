"""Does the verdict hold against messages nobody wrote? Mutants and fuzzing, run on demand."""
