"""What can be done with values, once taken from the tree? Plain functions; None is the empty collection."""
