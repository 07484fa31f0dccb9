// Exceptions of C++ go past the library's frames' tables as they should, before its use and after.
#include <string>

extern "C" int works(void);

static int length_of(const std::string &text)
{
    struct Counted {
        int *count;
        ~Counted() { ++*count; }
    };
    int unwound = 0;
    try {
        Counted one = {&unwound};
        throw text;
    } catch (const std::string &thrown) {
        return unwound == 1 ? static_cast<int>(thrown.size()) : -1;
    }
}

int main()
{
    int before = length_of("four");
    int failed = works();
    return failed != 0 || before != 4 || length_of("seven") != 5;
}
