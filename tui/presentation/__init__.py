"""How evac says things, on the console and on the command line alike: signs, widths, numbers, texts. Without Textual."""
