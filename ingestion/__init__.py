"""A file becomes pages, chunks and vectors."""
