"""What is right, worked out without the program's own logic, and the runner that plays the program against it."""
