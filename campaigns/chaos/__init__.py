"""Is anything lost when processes are killed, and the database and insurers fail, at chosen points?"""
