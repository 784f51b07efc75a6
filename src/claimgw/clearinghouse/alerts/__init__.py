"""What do people have to be told of, once and not once per failure, and who tells them?"""
