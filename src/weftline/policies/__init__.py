"""What attribute policies may say, in Cedar's notation: bounds, meaning, the schema, and what is wrong with one."""
