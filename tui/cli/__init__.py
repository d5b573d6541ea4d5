"""The command line. `main` holds the commands; `console` opens the console, without what only the commands need."""
