"""One parser per file type; they run only inside the killable parser process."""
