"""How does a provider learn that its mailbox is not empty, without polling blindly?"""
