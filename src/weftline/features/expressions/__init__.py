"""Help for those who write expressions: what there is to use, and what is wrong with one."""
