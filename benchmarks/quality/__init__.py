"""How good retrieval and answers are; `make eval` measures it through HTTP, as a user would."""
