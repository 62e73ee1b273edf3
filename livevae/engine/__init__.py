"""The audio process: pyo server, rings, voices, effects, recorder; and the client the performer's side holds."""
