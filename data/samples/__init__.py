"""Three sample PDFs, the text that they are made from, and the script that makes them."""
