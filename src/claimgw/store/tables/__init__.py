"""Which tables are there, column by column?"""
