// The header from C++11: it compiles without a warning, links, and works.
#include <h3s.h>

#include <cstdio>
#include <cstring>
#include <memory>
#include <string>

int main()
{
    const std::string options = "{\"password\":\"correct horse battery staple, and more of it\"}";
    h3s_config *made = nullptr;
    h3s_session *opened = nullptr;
    h3s_request request = h3s_request();
    h3s_view view = h3s_view();
    request.size = sizeof request;
    view.size = sizeof view;
    bool ok = h3s_config_new(options.data(), options.size(), &made, nullptr) == H3S_OK;
    const std::unique_ptr<h3s_config, void (*)(h3s_config *)> config(made, h3s_config_free);
    ok = ok && h3s_use(config.get(), &request, &opened, nullptr) == H3S_OK;
    const std::unique_ptr<h3s_session, void (*)(h3s_session *)> session(opened, h3s_session_free);
    ok = ok && h3s_set_text(opened, "who", 3, "C++", 3, nullptr) == H3S_OK && h3s_session_view(opened, &view) == H3S_OK
        && std::strcmp(view.data.ptr, "{\"who\":\"C++\"}") == 0;
    std::puts(ok ? "[       OK ] the_header_works_from_cplusplus" : "[  FAILED  ] the_header_works_from_cplusplus");
    return ok ? 0 : 1;
}
