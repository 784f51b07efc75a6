"""How fast is it, and against what? `python -m benchmarks` takes the figures of docs/performance.md."""
