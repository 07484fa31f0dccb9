/* A program with libh3s.a and another Rust library in it: both work. */
int other_twice(int number);
int works(void);

int main(void) { return works() != 0 || other_twice(21) != 42; }
