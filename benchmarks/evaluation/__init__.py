"""How results are judged: scores, maps and stored results in, numbers out; reads no file."""
