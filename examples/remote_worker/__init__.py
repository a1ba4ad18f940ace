"""A step that a worker in Node.js carries out."""
